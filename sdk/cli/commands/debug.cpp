// `toro debug`: boots the guest so that it waits, and starts GDB or LLDB on it.
#include <fcntl.h>

#include <cmath>
#include <csignal>
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/commands/boot.hpp"
#include "sdk/cli/commands/debugger.hpp"
#include "sdk/cli/commands/recording.hpp"
#include "sdk/cli/commands/table.hpp"
#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

FileDescriptor open_console(const std::string& file) {
  if (file.empty()) return FileDescriptor(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  FileDescriptor console(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!console) throw Failure(std::format("--console was expected to name a file that can be written: {}", file));
  return console;
}

/// The status of the whole: the debugger's, unless it never had a stub to talk to.
int conclude(const DebugOptions& options, const Reporter& reporter, Guest& guest, const Process& debugger) {
  if (guest.outcome() && !guest.outcome()->failure.empty() && !guest.stub_has_answered())
    return tell_outcome(reporter, guest);
  if (guest.outcome() && !guest.stub_has_answered())
    throw Failure(std::format("the guest was expected to wait for the debugger and ended first, with status {}",
                              guest.outcome()->status));
  if (!guest.stub_has_answered())
    throw Failure(
        std::format("{} was expected to reach the debugger stub at 127.0.0.1:{} and did not: its messages are "
                    "above; --protocol-log FILE shows what was said",
                    options.debugger, guest.debugger_port()));
  if (guest.outcome()) tell_outcome(reporter, guest);
  return *debugger.status();
}

}  // namespace

int debug_command(Context& context, const DebugOptions& options) {
  if (!options.batch.empty() && access(options.batch.c_str(), R_OK) != 0)
    throw Failure(std::format("--batch was expected to name a script: '{}' cannot be read", options.batch),
                  kUsageError);
  if (!options.boot.dump.empty()) return debug_dump(context, options);
  const bool recorded = !options.record.empty() || !options.replay.empty();
  const bool alone = options.debugger == kNoDebugger;
  if (alone && !recorded)
    throw Failure(
        "--debugger none was expected with --dump, --record or --replay: any other guest for a debugger of your own is "
        "booted by `toro run --listen PORT --wait`",
        kUsageError);
  Reporter reporter(options.boot.json ? Speech::json : Speech::words);
  auto stub = recorded || options.boot.stub == "qemu" ? Stub::qemu : Stub::kernel;
  auto prepared = prepare_boot(context, options.boot, stub, Wait::for_debugger);
  if (recorded) prepare_recording(context, options, prepared.boot);
  if (options.boot.print_command) {
    print(printable_qemu_command(prepared.boot) + "\n");
    return 0;
  }
  if (!alone) find_debugger(context, options.debugger);
  auto console = open_console(options.console);
  GuestOptions guest_options;
  guest_options.boot = prepared.boot;
  guest_options.debugger_port = options.boot.port.value_or(std::uint16_t{0});
  guest_options.protocol_log = options.boot.protocol_log;
  guest_options.console = console.get();
  guest_options.keyboard = alone;
  Guest guest(context.loop, guest_options, reporter);
  if (options.boot.port || options.boot.json || alone) tell_listening(reporter, prepared, guest);
  if (alone) {
    context.loop.run_until([&] { return guest.outcome() || guest.console_closed(); });
    return guest.outcome() ? tell_outcome(reporter, guest) : 128 + SIGPIPE;
  }

  ProcessOptions process;
  bool batch = !options.batch.empty();
  if (!batch) {
    // Ctrl-C is the debugger's: it breaks into the guest.
    process.terminal = Terminal::shared;
    context.loop.leave_interrupt_to_others();
  }
  Process debugger(context.loop,
                   debugger_command(context, options, prepared.application.elf, guest.debugger_port(), Start::on_main),
                   process);
  bool timed_out = false;
  Registration timer;
  if (options.boot.timeout > 0)
    timer = context.loop.after(std::chrono::milliseconds(std::llround(options.boot.timeout * 1000)),
                               [&] { timed_out = true; });
  // A guest that ends leaves the debugger at its prompt, unless the debugger never got to see it.
  context.loop.run_until(
      [&] { return debugger.status() || timed_out || (guest.outcome() && !guest.stub_has_answered()); });
  if (timed_out) {
    reporter.tell(
        "timeout", {{"seconds", options.boot.timeout}},
        std::format("guest and debugger were ended: they ran longer than the {} s of --timeout", options.boot.timeout));
    return kTimedOut;
  }
  debugger.end();
  // A guest that the debugger let go may be on its way to its end: what it prints still counts.
  bool waited = false;
  auto grace = context.loop.after(std::chrono::milliseconds(batch ? 500 : 0), [&] { waited = true; });
  context.loop.run_until([&] { return guest.outcome() || waited; });
  return conclude(options, reporter, guest, debugger);
}

}  // namespace toro::cli
