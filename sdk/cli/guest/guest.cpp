// Boots a guest and relays its console.
#include "sdk/cli/guest/guest.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <format>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "sdk/cli/broker/broker.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/terminal.hpp"
#include "sdk/cli/image/filesystem.hpp"
#include "sdk/cli/replay/replay_server.hpp"

namespace toro::cli {
namespace {

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kErrorsKept = 16 * 1024;
constexpr char kMuxEscape =
    '\x01';  ///< Ctrl-A: QEMU's multiplexer takes two of them for one. [QEMU system/mux-chardev]

/// Reads once; nullopt at the end of the stream.
std::optional<std::string> read_some(int fd) {
  std::string bytes(kReadSize, '\0');
  auto count = ::read(fd, bytes.data(), bytes.size());
  if (count <= 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

}  // namespace

Guest::Guest(EventLoop& loop, GuestOptions options, Reporter reporter)
    : loop_(loop),
      options_(std::move(options)),
      reporter_(reporter),
      monitor_(loop, run_.path() / "qmp.sock"),
      symbolizer_(loop, options_.boot.elf),
      filter_([this](PanicFrame frame) { return symbolizer_.describe(frame); }) {
  if (options_.debugger_port) {
    open_debugger_port();
    tables_ = std::make_unique<TableServer>(loop_, [this](const std::string& table, TableServer::Answer answer) {
      debugger_->ask_table(table, std::move(answer));
    });
  }
  start();
}

void Guest::open_debugger_port() {
  BrokerOptions broker;
  broker.port = *options_.debugger_port;
  broker.stub_socket = run_.path() / "gdb.sock";
  broker.protocol_log = options_.protocol_log;
  broker.break_in = options_.boot.stub == Stub::kernel;
  auto say = [this](const std::string& sentence) { reporter_.tell("debugger", {{"message", sentence}}, sentence); };
  const auto anchor = options_.boot.recording == Recording::none ? std::nullopt : anchor_of(options_.boot.elf);
  if (anchor) {
    std::function<void()> again;
    if (options_.boot.recording == Recording::replay) again = [this] { start_qemu(); };
    debugger_ = std::make_unique<ReplayServer>(loop_, broker, *anchor, say, again);
  } else {
    debugger_ = std::make_unique<Broker>(loop_, monitor_, broker, say);
  }
}

void Guest::start() {
  for (const auto& disk : options_.boot.disks) {
    make_disk(disk, run_.path().string());
    if (disk.new_bytes != 0 && disk.mount)
      make_filesystem(loop_, disk.mount->kind, image_in(disk, run_.path().string()), {});
  }
  const auto run = run_.path().string();
  for (const auto& share : options_.boot.shares) serve(make_service(share, run));
  if (options_.boot.vsock.is_wanted()) serve(make_service(options_.boot.vsock, run));
  console_ = std::make_unique<Outlet>(loop_, options_.console, [this] { console_closed_ = true; });
  start_qemu();
  if (options_.keyboard && may_read_keyboard())
    keyboard_ready_ = loop_.watch(STDIN_FILENO, POLLIN, [this](short) { keyboard_readable(); });
  if (!options_.boot.dump.empty()) await_panic();
  reporter_.tell("started",
                 {{"pid", qemu_->pid()}, {"elf", options_.boot.elf.string()}, {"board", options_.boot.board.name}}, "");
}

/// Instead of the one that runs, if one does.
void Guest::start_qemu() {
  console_ready_.reset();
  errors_ready_.reset();
  uncongested_.reset();
  if (qemu_) qemu_->end();
  auto input = make_pipe();
  auto output = make_pipe();
  auto errors = make_pipe();
  ProcessOptions process;
  process.input = input.reader.get();
  process.output = output.writer.get();
  process.error = errors.writer.get();
  qemu_ = std::make_unique<Process>(loop_, qemu_command(options_.boot, run_.path().string()), process);
  console_pipe_ = std::move(output.reader);
  error_pipe_ = std::move(errors.reader);
  keyboard_pipe_ = std::move(input.writer);
  keyboard_ = std::make_unique<Outlet>(loop_, keyboard_pipe_.get(), nullptr);
  console_ready_ = loop_.watch(console_pipe_.get(), POLLIN, [this](short) { console_readable(); });
  errors_ready_ = loop_.watch(error_pipe_.get(), POLLIN, [this](short) { errors_readable(); });
  console_place_ = 0;
}

/// A guest that panics stands still until its memory is written, and then goes on to its end.
void Guest::await_panic() {
  monitor_.on_event([this](const std::string& event) {
    if (event == "GUEST_PANICKED") dump();
  });
}

void Guest::dump() {
  // Under another name until it is whole: an older dump of the same name may be looked into.
  const auto& file = options_.boot.dump;
  auto part = file;
  part += std::format(".part-{}", getpid());
  auto arguments = nlohmann::json{{"paging", false}, {"protocol", "file:" + part.string()}}.dump();
  monitor_.execute("dump-guest-memory", arguments, [this, file, part](bool done) {
    std::error_code error;
    if (done) std::filesystem::rename(part, file, error);
    if (!done || error) {
      std::filesystem::remove(part, error);
      dump_told_ = [this, file] {
        reporter_.tell("warning", {{"message", "no memory dump could be written to " + file.string()}},
                       std::format("the guest's memory was expected to be written to {} and was not: --dump names "
                                   "another file, --dump none asks for none",
                                   file.string()));
      };
    } else {
      dump_told_ = [this, file] {
        reporter_.tell("dump", {{"file", file.string()}, {"elf", options_.boot.elf.string()}},
                       std::format("the guest's memory is in {0}: `toro debug {1} --dump {0}` looks into it",
                                   file.string(), options_.boot.elf.string()));
      };
    }
    monitor_.execute("cont", [](bool) {});
  });
}

void Guest::console_readable() {
  auto bytes = read_some(console_pipe_.get());
  if (!bytes) {
    console_ready_.reset();
    console_ended_ = true;
    check_end();
    return;
  }
  if (debugger_) debugger_->guest_printed();
  // What a replay says again was shown.
  const auto known = std::min(bytes->size(), console_shown_ - console_place_);
  console_place_ += bytes->size();
  console_shown_ = std::max(console_shown_, console_place_);
  console_->write(filter_.push(bytes->substr(known)));
  if (console_->congested()) {
    // The reader is slow: leave the rest in the pipe, where it slows the guest.
    constexpr std::chrono::milliseconds kPause{20};
    console_ready_.reset();
    uncongested_ = loop_.after(kPause, [this] {
      console_ready_ = loop_.watch(console_pipe_.get(), POLLIN, [this](short) { console_readable(); });
    });
  }
}

void Guest::errors_readable() {
  auto bytes = read_some(error_pipe_.get());
  if (!bytes) {
    errors_ready_.reset();
    errors_ended_ = true;
    check_end();
    return;
  }
  if (errors_.size() < kErrorsKept) errors_ += *bytes;
}

void Guest::serve(DeviceService service) {
  const std::size_t number = servers_.size();
  servers_.push_back(
      std::make_unique<DeviceServer>(loop_, std::move(service), [this, number] { server_ended(number); }));
}

/// It ends when QEMU does, too: then this is no news.
void Guest::server_ended(std::size_t number) {
  constexpr std::chrono::seconds kUntilQemuHasEnded{2};
  server_missed_ = loop_.after(kUntilQemuHasEnded, [this, number] {
    const auto words = servers_[number]->obituary();
    reporter_.tell("warning", {{"message", words}}, words);
  });
}

/// A device that could not be made for want of its server: the server knows why.
std::string Guest::server_failure() {
  for (const auto& server : servers_) {
    if (!errors_.contains("vhost") && !errors_.contains(server->service().socket)) continue;
    server->end();
    if (!server->ended_by_us()) return server->obituary();
  }
  return {};
}

void Guest::keyboard_readable() {
  auto bytes = read_some(STDIN_FILENO);
  if (!bytes) {
    keyboard_ready_.reset();
    return;
  }
  std::string keys;
  for (char key : *bytes) keys.append(key == kMuxEscape ? 2 : 1, key);
  keyboard_->write(keys);
}

void Guest::check_end() {
  // Both pipes at their end: QEMU has gone, and nobody else holds them.
  if (!console_ended_ || !errors_ended_) return;
  auto status = qemu_->wait();
  std::ifstream left(run_.path() / "exit", std::ios::binary);
  std::string byte{std::istreambuf_iterator<char>(left), {}};
  keyboard_ready_.reset();
  loop_.run_until([this] { return console_->empty(); });
  if (dump_told_) dump_told_();
  outcome_ = outcome_of(byte, status, errors_);
  if (!outcome_->failure.empty())
    if (auto failure = server_failure(); !failure.empty()) outcome_->failure = std::move(failure);
}

}  // namespace toro::cli
