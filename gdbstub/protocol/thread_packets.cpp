// Which threads there are, and which one the next packets mean. [GDB RSP, Packets; General Query Packets]
#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

void current_thread(Dialog& dialog, Scanner) {
  dialog.reply.text("QC");
  dialog.reply.hex(static_cast<std::uint32_t>(dialog.stop.thread));
}

void select_thread(Dialog& dialog, Scanner arguments) {
  const bool general = arguments.take('g');
  if (!general && !arguments.take('c')) return dialog.reply.error(Error::invalid);
  const auto thread = arguments.thread();
  if (!thread || !arguments.at_end()) return dialog.reply.error(Error::invalid);
  Thread found;
  if (*thread != ThreadId::any && *thread != ThreadId::all && !find_thread(dialog.target, *thread, found)) {
    return dialog.reply.error(Error::no_thread);
  }
  (general ? dialog.general : dialog.control) = *thread;
  dialog.reply.ok();
}

void thread_alive(Dialog& dialog, Scanner arguments) {
  const auto thread = arguments.thread();
  if (!thread || !arguments.at_end()) return dialog.reply.error(Error::invalid);
  Thread found;
  find_thread(dialog.target, *thread, found) ? dialog.reply.ok() : dialog.reply.error(Error::no_thread);
}

namespace {

/// As many threads as one packet takes, from `thread` on.
void list_from(Dialog& dialog, Thread& thread) {
  constexpr std::size_t kLongestEntry = 9;
  char separator = 'm';
  do {
    if (dialog.reply.payload().size() + kLongestEntry > kPacketSize) return;
    dialog.reply.put(separator);
    dialog.reply.hex(static_cast<std::uint32_t>(thread.id));
    dialog.listed = thread.id;
    separator = ',';
  } while (dialog.target.next_thread(thread));
}

}  // namespace

void first_threads(Dialog& dialog, Scanner) {
  Thread thread;
  dialog.target.first_thread(thread);
  list_from(dialog, thread);
}

void more_threads(Dialog& dialog, Scanner) {
  Thread thread;
  if (dialog.listed != ThreadId::any && find_thread(dialog.target, dialog.listed, thread) &&
      dialog.target.next_thread(thread)) {
    return list_from(dialog, thread);
  }
  dialog.reply.put('l');
}

void thread_extra_info(Dialog& dialog, Scanner arguments) {
  const auto id = arguments.thread();
  if (!id || !arguments.at_end()) return dialog.reply.error(Error::invalid);
  Thread thread;
  if (!find_thread(dialog.target, *id, thread)) return dialog.reply.error(Error::no_thread);
  HexText text(dialog.reply);
  text.text(thread.name);
  text.text(", core ");
  text.decimal(thread.core);
  text.text(": ");
  text.text(thread.state);
  if (thread.waits_for[0] != 0) text.text(" for "), text.text(thread.waits_for);
}

}  // namespace toro::gdbstub
