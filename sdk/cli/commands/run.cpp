// `toro run`: the guest's console on stdout, its exit status as the tool's.
#include <cmath>
#include <csignal>
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/commands/boot.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/terminal.hpp"

namespace toro::cli {
namespace {

Stub stub_for(const BootOptions& options) {
  if (!options.port && !options.wait) return Stub::none;
  return options.stub == "qemu" ? Stub::qemu : Stub::kernel;
}

/// Where the memory of a guest that panics goes: beside the image, where nothing else is said, for images with what a
/// reader of it needs.
std::filesystem::path dump_for(const BootOptions& options, const Prepared& prepared) {
  if (options.dump == "none" || !prepared.boot.board.channels.contains("panic")) return {};
  if (!options.dump.empty()) return std::filesystem::absolute(options.dump);
  if (!prepared.application.has_stub) return {};
  return std::filesystem::path(prepared.application.elf).replace_extension(".dump");
}

}  // namespace

int run_command(Context& context, const BootOptions& options) {
  Reporter reporter(options.json ? Speech::json : Speech::words);
  auto prepared = prepare_boot(context, options, stub_for(options), options.wait ? Wait::for_debugger : Wait::no);
  if (options.print_command) {
    print(printable_qemu_command(prepared.boot) + "\n");
    return 0;
  }
  prepared.boot.dump = dump_for(options, prepared);
  GuestOptions guest_options;
  guest_options.boot = prepared.boot;
  if (prepared.boot.stub != Stub::none) guest_options.debugger_port = options.port.value_or(std::uint16_t{0});
  guest_options.protocol_log = options.protocol_log;

  RawKeyboard keyboard;
  Guest guest(context.loop, guest_options, reporter);
  if (guest_options.debugger_port) tell_listening(reporter, prepared, guest);
  bool timed_out = false;
  Registration timer;
  if (options.timeout > 0)
    timer =
        context.loop.after(std::chrono::milliseconds(std::llround(options.timeout * 1000)), [&] { timed_out = true; });
  context.loop.run_until([&] { return guest.outcome() || guest.console_closed() || timed_out; });
  if (guest.outcome()) return tell_outcome(reporter, guest);
  guest.end();
  if (guest.console_closed()) return 128 + SIGPIPE;
  reporter.tell("timeout", {{"seconds", options.timeout}},
                std::format("the guest was ended: it ran longer than the {} s of --timeout", options.timeout));
  return kTimedOut;
}

}  // namespace toro::cli
