// Options become a Boot.
#include "sdk/cli/commands/boot.hpp"

#include <unistd.h>

#include <algorithm>
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/guest/acceleration.hpp"
#include "sdk/cli/guest/forward.hpp"
#include "sdk/cli/guest/memory_size.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/socket.hpp"

namespace toro::cli {
namespace {

unsigned memory_of(const BootOptions& options, const Board& board) {
  if (options.memory.empty()) return board.default_memory_mib;
  auto memory = parse_memory_mib(options.memory);
  if (!memory)
    throw Failure(std::format("--memory was expected to be a size such as 64M or 1G: '{}' was found", options.memory),
                  kUsageError);
  if (*memory < board.minimum_memory_mib)
    throw Failure(std::format("--memory was expected to be at least {}M on board {}: {}M was found",
                              board.minimum_memory_mib, board.name, *memory),
                  kUsageError);
  return *memory;
}

unsigned cores_of(const BootOptions& options, const Target& target) {
  const Board& board = target.board;
  if (options.cores == 0)
    return target.sample && target.sample->cores != 0 ? target.sample->cores : board.default_cores;
  if (options.cores > board.maximum_cores)
    throw Failure(std::format("--cores was expected to be at most {} on board {}: {} was found", board.maximum_cores,
                              board.name, options.cores),
                  kUsageError);
  return options.cores;
}

bool is_of_vsock(const std::string& forward) {
  return forward.starts_with("vsock:");
}

Network network_of(const BootOptions& options, const Target& target) {
  const bool needs_network = !std::ranges::all_of(options.forwards, is_of_vsock);
  const std::string wanted = !options.network.empty() ? options.network
                             : needs_network          ? "user"
                             : target.sample          ? target.sample->network
                                                      : "none";
  const Network network = wanted == "user" ? Network::user : wanted == "none" ? Network::none : Network::tap;
  if (network != Network::none && !target.board.channels.contains("network"))
    throw Failure(std::format("a board with a network device was expected: {} has none", target.board.name),
                  kUsageError);
  if (network == Network::none && !options.net_dump.empty())
    throw Failure("--net-dump was expected to come with a network: add --net user", kUsageError);
  if (network != Network::user && needs_network)
    throw Failure(std::format("--forward was expected to come with the user network: leave --net {} out", wanted),
                  kUsageError);
  return network;
}

std::vector<Forward> forwards_of(const BootOptions& options) {
  std::vector<Forward> forwards;
  for (const auto& text : options.forwards) {
    if (is_of_vsock(text)) continue;
    const auto forward = parse_forward(text).value();
    const auto& [protocol, host, guest] = forward;
    for (const auto& other : forwards)
      if (other.protocol == protocol && other.host == host)
        throw Failure(std::format("--forward was expected once for port {}: it leads to one place", host), kUsageError);
    forwards.push_back(forward);
    if (options.print_command) continue;
    require_free_port(protocol == "udp" ? Datagrams::yes : Datagrams::no, host, "--forward: port");
  }
  return forwards;
}

/// Of a tap device with several queues.
void check_queues(const Board& board, const BootOptions& options) {
  if (!has_queues(board))
    throw Failure(
        std::format("--net ...,queues=1 was expected: the network device of board {} has one queue", board.name),
        kUsageError);
  if (!options.net_dump.empty())
    throw Failure("--net-dump was expected without queues=N: QEMU writes the frames of one queue", kUsageError);
}

std::vector<Disk> disks_of(const BootOptions& options, const Target& target) {
  const auto& wanted = options.disks.empty() && target.sample ? target.sample->disks : options.disks;
  if (!wanted.empty() && target.board.disk.empty())
    throw Failure(std::format("--disk was expected with a board that has disks: board {} has none", target.board.name),
                  kUsageError);
  if (const auto most = target.board.disk_places.size(); most != 0 && wanted.size() > most)
    throw Failure(std::format("--disk was expected {} times at most on board {}: {} were found", most,
                              target.board.name, wanted.size()),
                  kUsageError);
  std::vector<Disk> disks;
  for (const auto& text : wanted) {
    auto disk = find_disk(text, static_cast<unsigned>(disks.size()));
    require_other_images(disk, disks);
    disks.push_back(std::move(disk));
  }
  return disks;
}

std::vector<Share> shares_of(const BootOptions& options, const Board& board) {
  if (!options.shares.empty() && board.share.empty())
    throw Failure(std::format("--share was expected with a board that can share folders: board {} cannot", board.name),
                  kUsageError);
  std::vector<Share> shares;
  for (const auto& text : options.shares) shares.push_back(find_share(text, static_cast<unsigned>(shares.size())));
  return shares;
}

Vsock vsock_of(const BootOptions& options, const Board& board) {
  Vsock vsock;
  for (const auto& text : options.forwards)
    if (is_of_vsock(text)) vsock.forwards.push_back(parse_forward(text).value());
  for (const auto& text : options.vsock) {
    vsock.targets.push_back(parse_vsock_target(text).value());
    if (std::ranges::count(vsock.targets, vsock.targets.back().port, &VsockTarget::port) > 1)
      throw Failure(
          std::format("--vsock was expected once for port {}: it leads to one place", vsock.targets.back().port),
          kUsageError);
  }
  if (vsock.is_wanted() && !board.channels.contains("vsock"))
    throw Failure(std::format("a board with a vsock device was expected: {} has none", board.name), kUsageError);
  return vsock;
}

void require_emulator(Context& context, const Board& board) {
  if (find_program(board.emulator)) return;
  ensure_group(context, "run");
  if (!find_program(board.emulator))
    throw Failure(
        std::format("{} was expected in PATH and was not found: `toro setup --for run` installs it", board.emulator));
}

}  // namespace

Prepared prepare_boot(Context& context, const BootOptions& options, Stub stub, Wait wait) {
  Prepared prepared{resolve_target(context.sdk, options.target), {}, {}};
  const auto& board = prepared.target.board;
  Boot& boot = prepared.boot;
  boot.board = board;
  boot.memory_mib = memory_of(options, board);
  boot.cores = cores_of(options, prepared.target);
  boot.disks = disks_of(options, prepared.target);
  boot.shares = shares_of(options, board);
  boot.vsock = vsock_of(options, board);
  boot.accelerator = choose_accelerator(options.accelerator);
  boot.stub = stub;
  // As GDB does with programs: where one debugs, the same address is the same thing at each boot.
  const bool debug = prepared.target.preset.config == "debug";
  boot.places = options.aslr == "on" || (options.aslr.empty() && !debug) ? Places::random : Places::fixed;
  boot.network = network_of(options, prepared.target);
  if (boot.network == Network::tap) {
    boot.tap = parse_tap(options.network.substr(kTapPrefix.size())).value();
    if (boot.tap.queues > 1) check_queues(board, options);
    if (!options.print_command) require_tap(boot.tap);
  }
  boot.net_dump = options.net_dump;
  if (!boot.net_dump.empty()) boot.tap.offloads = Tap::Offloads::off;  // its frames are to be as on a cable
  boot.forwards = forwards_of(options);
  boot.wait = wait;
  if (options.print_command) {
    prepared.application = {prepared.target.name, expected_elf(prepared.target), debug};
  } else {
    require_emulator(context, board);
    if (prepared.target.kind != Target::Kind::image) ensure_toolchain(context);
    prepared.application =
        build_target(context.loop, context.sdk, prepared.target, options.target.application, Progress::when_long);
  }
  // A debug image carries the port of its stub whether or not somebody listens.
  if (boot.stub == Stub::kernel && !prepared.application.has_stub)
    throw Failure(
        "an image of configuration debug was expected: this one carries no debugger stub; use --config debug, or "
        "--stub qemu for QEMU's own",
        kUsageError);
  boot.elf = prepared.application.elf;
  boot.arguments = options.arguments;
  if (!options.arguments_given && prepared.target.sample) boot.arguments = prepared.target.sample->arguments;
  return prepared;
}

void tell_listening(const Reporter& reporter, const Prepared& prepared, const Guest& guest) {
  const auto port = guest.debugger_port();
  auto elf = prepared.application.elf.string();
  reporter.tell("listening",
                {{"host", "127.0.0.1"},
                 {"port", port},
                 {"tables", guest.tables_port()},
                 {"elf", elf},
                 {"name", prepared.application.name},
                 {"board", prepared.target.board.name},
                 {"stub", prepared.boot.stub == Stub::qemu ? "qemu" : "kernel"},
                 {"pid", getpid()}},
                std::format("a debugger can connect to 127.0.0.1:{0}:\n"
                            "  gdb {1} -ex 'target remote localhost:{0}'\n"
                            "  lldb-22 {1} -o 'gdb-remote localhost:{0}'",
                            port, elf));
}

int tell_outcome(const Reporter& reporter, const Guest& guest) {
  const auto& outcome = *guest.outcome();
  if (!outcome.failure.empty()) {
    reporter.tell("error", {{"message", outcome.failure}}, "error: " + outcome.failure);
  } else if (!guest.errors().empty()) {
    auto said = guest.errors().substr(0, guest.errors().find_last_not_of('\n') + 1);
    reporter.tell("warning", {{"message", said}}, "QEMU said: " + said);
  }
  if (outcome.status == kPanicStatus && outcome.failure.empty()) {
    reporter.tell("exited", {{"status", outcome.status}}, "the guest ended by a panic (status 134)");
  } else {
    reporter.tell("exited", {{"status", outcome.status}}, "");
  }
  return outcome.status;
}

}  // namespace toro::cli
