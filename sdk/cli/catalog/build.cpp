// Runs CMake and Ninja, and finds the images by the descriptions that toro_add_application() leaves in BUILD/toro/.
#include "sdk/cli/catalog/build.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <format>

#include "sdk/cli/catalog/json_file.hpp"
#include "sdk/cli/catalog/suggestion.hpp"
#include "sdk/cli/guest/quote.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/file_lock.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNothingToDo = "ninja: no work to do.\n";

/// Runs a program whose output passes line by line, without the one line that says nothing.
int run_quietly(EventLoop& loop, const std::vector<std::string>& command, ProcessOptions options) {
  auto pipe = make_pipe();
  options.output = options.error = pipe.writer.get();
  Process process(loop, command, options);
  pipe.writer.reset();
  std::string waiting;
  bool ended = false;
  auto reading = loop.watch(pipe.reader.get(), POLLIN, [&](short) {
    std::array<char, 4096> buffer;
    auto count = ::read(pipe.reader.get(), buffer.data(), buffer.size());
    ended = count <= 0;
    if (!ended) waiting.append(buffer.data(), static_cast<std::size_t>(count));
    for (auto end = waiting.find('\n'); end != std::string::npos; end = waiting.find('\n')) {
      auto line = waiting.substr(0, end + 1);
      waiting.erase(0, end + 1);
      if (line != kNothingToDo) std::fputs(line.c_str(), stderr);
    }
  });
  loop.run_until([&] { return ended; });
  std::fputs(waiting.c_str(), stderr);
  return process.wait();
}

void run_step(EventLoop& loop, const std::vector<std::string>& command, const fs::path& directory, const char* what,
              Progress progress) {
  ProcessOptions options;
  options.directory = directory;
  options.output = STDERR_FILENO;
  options.error = STDERR_FILENO;
  // Ninja ends its compilers when it is asked to end, and could not if it were killed.
  options.death_signal = SIGTERM;
  int status = progress == Progress::shown ? run_program(loop, command, options) : run_quietly(loop, command, options);
  if (status != 0)
    throw Failure(std::format("{} failed with status {}; its messages are above, the command was: {}", what, status,
                              shell_line(command)));
}

void configure_and_build(EventLoop& loop, const fs::path& build, const std::vector<std::string>& configure,
                         const fs::path& source, const std::string& ninja_target, Progress progress) {
  std::error_code error;
  fs::create_directories(build, error);
  if (error) throw Failure(std::format("{} was expected to be writable: {}", build.string(), error.message()));
  // Neither CMake nor Ninja guards a build folder against a second one of its kind.
  FileLock lock(loop, build / ".toro.lock", [&] {
    std::fputs(std::format("toro: waiting for another build in {}\n", build.string()).c_str(), stderr);
  });
  // CMake writes build.ninja last: without it the last attempt failed, and the next one starts over.
  if (!fs::exists(build / "build.ninja")) run_step(loop, configure, source, "configuring", Progress::shown);
  std::vector<std::string> ninja{"ninja", "-C", build.string(), ninja_target};
  if (progress == Progress::when_long) ninja.emplace_back("--quiet");
  run_step(loop, ninja, {}, "the build", progress);
}

Application read_application(const fs::path& file, const std::string& preset_config) {
  auto json = read_json(file);
  auto config = optional_key<std::string>(json, "config", preset_config, file.string());
  return {required<std::string>(json, "name", file.string()), required<std::string>(json, "elf", file.string()),
          optional_key<bool>(json, "stub", config == "debug", file.string())};
}

std::vector<Application> applications_of(const Target& target) {
  return list_applications(target.build_directory, target.preset.config);
}

Application find_application(const Target& target, const std::string& wish) {
  auto all = applications_of(target);
  auto name = wish.empty() ? target.name : wish;
  std::vector<std::string> names;
  for (const auto& application : all) {
    if (application.name == name) return application;
    names.push_back(application.name);
  }
  if (all.empty())
    throw Failure(std::format("{}: its CMakeLists.txt was expected to call toro_add_application() and did not",
                              target.directory.string()));
  if (wish.empty() && all.size() == 1) return all.front();
  throw Failure(std::format("{} has several applications: choose one by --application: {}", target.directory.string(),
                            expected_one_of(names, name)),
                kUsageError);
}

}  // namespace

std::vector<Application> list_applications(const fs::path& build_directory, const std::string& config) {
  std::vector<Application> all;
  auto folder = build_directory / "toro";
  if (!fs::is_directory(folder)) return all;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".json") all.push_back(read_application(entry.path(), config));
  std::ranges::sort(all, {}, &Application::name);
  return all;
}

void build_preset(EventLoop& loop, const fs::path& sdk, const std::string& preset, const fs::path& build_directory,
                  const std::string& ninja_target, Progress progress) {
  configure_and_build(loop, build_directory, {"cmake", "--preset", preset}, sdk, ninja_target, progress);
}

fs::path expected_elf(const Target& target) {
  if (target.kind == Target::Kind::image) return target.image;
  const auto all = applications_of(target);
  for (const auto& application : all)
    if (application.name == target.name || all.size() == 1) return application.elf;
  auto folder =
      target.kind == Target::Kind::sample ? target.build_directory / "samples" / target.name : target.build_directory;
  return folder / (target.name + ".elf");
}

Application build_target(EventLoop& loop, const fs::path& sdk, const Target& target, const std::string& application,
                         Progress progress) {
  if (target.kind == Target::Kind::image) return {target.name, target.image, target.image_has_stub};
  if (progress == Progress::when_long && !fs::exists(expected_elf(target))) progress = Progress::shown;
  const bool is_sample = target.kind == Target::Kind::sample;
  if (is_sample && target.preset.board_directory.empty()) {
    build_preset(loop, sdk, target.preset.name, target.build_directory, target.name, progress);
  } else {
    std::vector<std::string> configure{"cmake",
                                       "-S",
                                       is_sample ? sdk.string() : target.directory.string(),
                                       "-B",
                                       target.build_directory.string(),
                                       "-G",
                                       "Ninja",
                                       "-DCMAKE_TOOLCHAIN_FILE=" + (sdk / "sdk/cmake/toro-toolchain.cmake").string(),
                                       "-DToro_DIR=" + (sdk / "sdk/cmake").string(),
                                       "-DTORO_BOARD=" + target.board.name,
                                       "-DCMAKE_BUILD_TYPE=" + target.preset.build_type};
    if (!target.preset.board_directory.empty())
      configure.push_back("-DTORO_BOARD_DIR=" + target.preset.board_directory.string());
    configure_and_build(loop, target.build_directory, configure, {}, is_sample ? target.name : "all", progress);
  }
  auto found = find_application(target, application);
  if (!fs::exists(found.elf))
    throw Failure(std::format("the build was expected to make {} and did not", found.elf.string()));
  return found;
}

}  // namespace toro::cli
