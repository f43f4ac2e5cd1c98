// `Z` and `z`: breakpoints and watchpoints. [GDB RSP, Packets, "z"]
#include <optional>

#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

namespace {

/// `KIND,ADDRESS,LENGTH`; conditions and commands that might follow were never offered.
std::optional<Breakpoint> take_breakpoint(Scanner& arguments) {
  const auto kind = arguments.number();
  if (!kind || *kind > 4 || !arguments.take(',')) return std::nullopt;
  const auto address = arguments.number();
  if (!address || !arguments.take(',')) return std::nullopt;
  const auto length = arguments.number();
  if (!length || !arguments.at_end()) return std::nullopt;
  return Breakpoint{static_cast<BreakpointKind>(*kind), *address, *length};
}

void answer(Dialog& dialog, BreakpointResult result) {
  switch (result) {
    case BreakpointResult::done:
      return dialog.reply.ok();
    case BreakpointResult::unmapped:
      return dialog.reply.error(Error::fault);
    case BreakpointResult::table_full:
      return dialog.refuse(Error::no_space, "swbp.the table of software breakpoints is full");
    case BreakpointResult::registers_full:
      return dialog.refuse(Error::no_space, "hwbp.all 4 debug registers are in use");
    case BreakpointResult::never_runs:
      return dialog.refuse(Error::not_supported, "dump.a memory dump does not run");
    case BreakpointResult::invalid:
      return dialog.reply.error(Error::invalid);
  }
}

}  // namespace

void insert_breakpoint(Dialog& dialog, Scanner arguments) {
  const auto breakpoint = take_breakpoint(arguments);
  if (!breakpoint) return dialog.reply.error(Error::invalid);
  // No debug register fires for reads alone. GDB, to whom that is no packet, asks for one that fires for both, and
  // tells them apart by the value; LLDB knows the processor, and asks in vain for anything else. [GDB breakpoint.c,
  // insert_bp_location]
  if (breakpoint->kind == BreakpointKind::read && !dialog.client.thread_suffix) return;
  answer(dialog, dialog.target.insert_breakpoint(*breakpoint));
}

void remove_breakpoint(Dialog& dialog, Scanner arguments) {
  const auto breakpoint = take_breakpoint(arguments);
  if (!breakpoint) return dialog.reply.error(Error::invalid);
  answer(dialog, dialog.target.remove_breakpoint(*breakpoint));
}

void watchpoint_support(Dialog& dialog, Scanner) {
  dialog.reply.text("num:4;");
}

}  // namespace toro::gdbstub
