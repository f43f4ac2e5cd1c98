// Continuing, stepping, and leaving. [GDB RSP, Packets, "vCont"]
#include <optional>

#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

namespace {

/// Nothing is sent: the reply is the next stop.
void go_on(Dialog& dialog, ResumeRequest request) {
  // LLDB steps the thread that is looked at alone, and takes a refusal for the end of the process: one that does not
  // run gets there by the others.
  if (dialog.client.thread_suffix && !dialog.target.can_resume(request)) request.others_run = true;
  if (!dialog.target.can_resume(request))
    return dialog.refuse(Error::not_supported,
                         "resume.that thread waits while all others are held, or nothing here runs");
  dialog.request = request;
  dialog.next = Next::resume;
}

/// The old packets' optional address is where to go on.
bool take_address(Dialog& dialog, Scanner& arguments) {
  if (arguments.at_end()) return true;
  const auto address = arguments.number();
  if (!address || !arguments.at_end()) return false;
  std::byte value[8];
  for (unsigned i = 0; i < 8; ++i) value[i] = static_cast<std::byte>(*address >> (8 * i));
  return dialog.target.write_register(dialog.stop.thread, dialog.target.register_set().pc, value);
}

std::optional<Signal> take_signal(Scanner& arguments) {
  const auto number = arguments.number();
  if (!number || *number > 0xff) return std::nullopt;
  return static_cast<Signal>(*number);
}

void old_style(Dialog& dialog, Scanner arguments, ResumeAction action, bool with_signal) {
  ResumeRequest request{.action = action, .thread = dialog.chosen(dialog.control)};
  if (with_signal) {
    const auto signal = take_signal(arguments);
    if (!signal) return dialog.reply.error(Error::invalid);
    request.signal = *signal;
    arguments.take(';');
  }
  if (!take_address(dialog, arguments)) return dialog.reply.error(Error::invalid);
  go_on(dialog, request);
}

/// One action of `vCont`: letter, arguments, thread. Nothing where it is malformed.
struct Action {
  ResumeAction action = ResumeAction::run;
  Signal signal = Signal::none;
  std::uint64_t range_start = 0, range_end = 0;
  ThreadId thread = ThreadId::all;
};

std::optional<Action> take_action(Scanner text) {
  Action action;
  if (text.take('c')) {
  } else if (text.take('s')) {
    action.action = ResumeAction::step;
  } else if (text.rest().starts_with('C') || text.rest().starts_with('S')) {
    action.action = text.take('S') ? ResumeAction::step : ResumeAction::run;
    text.take('C');
    const auto signal = take_signal(text);
    if (!signal) return std::nullopt;
    action.signal = *signal;
  } else if (text.take('r')) {
    const auto start = text.number();
    if (!start || !text.take(',')) return std::nullopt;
    const auto end = text.number();
    if (!end) return std::nullopt;
    action.action = ResumeAction::step_range;
    action.range_start = *start;
    action.range_end = *end;
  } else {
    return std::nullopt;
  }
  if (text.take(':')) {
    const auto thread = text.thread();
    if (!thread || *thread == ThreadId::any) return std::nullopt;
    action.thread = *thread;
  }
  return text.at_end() ? std::optional(action) : std::nullopt;
}

}  // namespace

void resume(Dialog& dialog, Scanner arguments) {
  old_style(dialog, arguments, ResumeAction::run, false);
}
void resume_with_signal(Dialog& dialog, Scanner arguments) {
  old_style(dialog, arguments, ResumeAction::run, true);
}
void step(Dialog& dialog, Scanner arguments) {
  old_style(dialog, arguments, ResumeAction::step, false);
}
void step_with_signal(Dialog& dialog, Scanner arguments) {
  old_style(dialog, arguments, ResumeAction::step, true);
}

void resume_kinds(Dialog& dialog, Scanner) {
  dialog.reply.text("vCont;c;C;s;S;r");
}

void resume_actions(Dialog& dialog, Scanner arguments) {
  ResumeRequest request{.thread = ThreadId::any, .others_run = false};
  bool any = false;
  // The leftmost action that fits a thread is its action; one that names no thread is for all that are left.
  for (bool rest_decided = false; !arguments.at_end();) {
    const auto action = take_action(Scanner(arguments.until(';')));
    if (!action) return dialog.reply.error(Error::invalid);
    any = true;
    if (rest_decided) continue;
    const bool for_rest = action->thread == ThreadId::all;
    const bool steps = action->action != ResumeAction::run;
    if (for_rest) rest_decided = request.others_run = true;
    // The request is about the first thread that steps, or else about the first that is named.
    if (request.thread != ThreadId::any && !(steps && request.action == ResumeAction::run)) continue;
    if (steps || !for_rest) {
      request.thread = dialog.chosen(action->thread);
      request.action = action->action;
      request.signal = action->signal;
      request.range_start = action->range_start;
      request.range_end = action->range_end;
    } else {
      request.signal = action->signal;
    }
  }
  if (!any) return dialog.reply.error(Error::invalid);
  if (request.thread == ThreadId::any) request.thread = dialog.stop.thread;
  go_on(dialog, request);
}

namespace {

void go_back(Dialog& dialog, ResumeAction action) {
  if (dialog.target.can_reverse()) go_on(dialog, {.action = action, .thread = dialog.chosen(dialog.control)});
}

}  // namespace

void reverse_resume(Dialog& dialog, Scanner) {
  go_back(dialog, ResumeAction::reverse_run);
}
void reverse_step(Dialog& dialog, Scanner) {
  go_back(dialog, ResumeAction::reverse_step);
}

void detach(Dialog& dialog, Scanner) {
  dialog.reply.ok();
  dialog.next = Next::detach;
}

void kill(Dialog& dialog, Scanner) {
  // GDB wants no answer and does not mind one; LLDB waits for the news that the process ended.
  dialog.reply.text("X09");
  dialog.next = Next::power_off;
}

void kill_process(Dialog& dialog, Scanner) {
  dialog.reply.ok();
  dialog.next = Next::power_off;
}

void restart(Dialog& dialog, Scanner) {
  dialog.silent = true;
  dialog.next = Next::restart;
}

}  // namespace toro::gdbstub
