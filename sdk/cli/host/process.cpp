// Child processes: fork, exec, and the three ways in which they end with the tool.
#include "sdk/cli/host/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <format>
#include <string_view>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

void put_at(int from, int to) {
  if (from < 0) return;
  if (from == to) {
    fcntl(to, F_SETFD, 0);
  } else {
    dup2(from, to);
  }
}

[[noreturn]] void become(const std::vector<std::string>& arguments, const ProcessOptions& options, pid_t parent,
                         int failure_pipe) {
  const bool prepared = options.before == nullptr || options.before();
  int error = errno;
  // Afterwards, for it is lost with the identity.
  prctl(PR_SET_PDEATHSIG, options.death_signal);
  // The tool may have died before the line above.
  if (getppid() != parent) _exit(127);
  if (options.terminal == Terminal::detached) setpgid(0, 0);
  int input = options.input;
  if (input < 0 && options.terminal == Terminal::detached) input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  put_at(input, STDIN_FILENO);
  put_at(options.output, STDOUT_FILENO);
  put_at(options.error, STDERR_FILENO);
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGTTOU, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  if (prepared) {
    if (options.directory.empty() || chdir(options.directory.c_str()) == 0) execvp(argv[0], argv.data());
    error = errno;
  }
  [[maybe_unused]] auto written = write(failure_pipe, &error, sizeof error);
  _exit(127);
}

}  // namespace

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Failure(std::format("no pipe could be had: {}", std::strerror(errno)));
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Process::Process(EventLoop& loop, const std::vector<std::string>& arguments, const ProcessOptions& options)
    : loop_(loop), own_group_(options.terminal == Terminal::detached) {
  auto failure = make_pipe();
  pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw Failure(std::format("{} could not be started: {}", arguments[0], std::strerror(errno)));
  if (pid_ == 0) become(arguments, options, parent, failure.writer.get());
  if (own_group_) setpgid(pid_, pid_);
  failure.writer.reset();
  int error = 0;
  if (read(failure.reader.get(), &error, sizeof error) == sizeof error) {
    waitpid(pid_, nullptr, 0);
    throw Failure(
        std::format("{} could not be started: {}; `toro doctor` says what is missing, `toro setup` installs it",
                    arguments[0], std::strerror(error)));
  }
  pidfd_ = FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) {
    end();
    throw Failure("Linux 5.3 or later was expected: this kernel has no pidfd_open");
  }
  fcntl(pidfd_.get(), F_SETFD, FD_CLOEXEC);
  ended_ = loop_.watch(pidfd_.get(), POLLIN, [this](short) { reap(); });
}

void Process::reap() {
  siginfo_t info{};
  if (status_ || waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != pid_)
    return;
  // The group may hold more than its leader: what a build or a test run started. Until the leader is reaped, its
  // number is nobody else's.
  if (own_group_) kill(-pid_, SIGKILL);
  int raw = 0;
  waitpid(pid_, &raw, 0);
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  ended_.reset();
}

int Process::wait() {
  loop_.run_until([this] { return status_.has_value(); });
  return *status_;
}

void Process::end() {
  reap();
  if (status_) return;
  auto target = own_group_ ? -pid_ : pid_;
  kill(target, SIGTERM);
  kill(target, SIGCONT);
  pollfd descriptor{pidfd_.get(), POLLIN, 0};
  if (pidfd_) ::poll(&descriptor, 1, 1000);
  kill(target, SIGKILL);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  reap();
}

Process::~Process() {
  end();
}

int run_program(EventLoop& loop, const std::vector<std::string>& arguments, const ProcessOptions& options) {
  return Process(loop, arguments, options).wait();
}

Captured capture_program(EventLoop& loop, const std::vector<std::string>& arguments, std::chrono::milliseconds limit) {
  auto pipe = make_pipe();
  ProcessOptions options;
  options.output = options.error = pipe.writer.get();
  Process process(loop, arguments, options);
  pipe.writer.reset();
  std::string output;
  bool ended = false;
  bool timed_out = false;
  Registration reading;
  reading = loop.watch(pipe.reader.get(), POLLIN, [&](short) {
    std::array<char, 4096> buffer;
    auto count = read(pipe.reader.get(), buffer.data(), buffer.size());
    if (count > 0) output.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0) {
      ended = true;
      reading.reset();
    }
  });
  auto timer = loop.after(limit, [&] { timed_out = true; });
  loop.run_until([&] { return ended || timed_out; });
  if (!timed_out) return {process.wait(), output};
  process.end();
  return {kTimedOut, output};
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
  if (name.contains('/')) {
    if (access(name.c_str(), X_OK) == 0) return name;
    return std::nullopt;
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (true) {
    auto colon = rest.find(':');
    std::filesystem::path candidate = std::filesystem::path(rest.substr(0, colon)) / name;
    std::error_code unreachable;
    if (std::filesystem::is_regular_file(candidate, unreachable) && access(candidate.c_str(), X_OK) == 0)
      return candidate;
    if (colon == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(colon + 1);
  }
}

}  // namespace toro::cli
