// Why the machine stands still: `?`, `T` replies, and LLDB's two ways to ask it of every thread.
#include <array>

#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

namespace {

/// The threads that one reply lists; a client that wants more asks `qfThreadInfo`.
constexpr std::size_t kMostListed = 256;

std::string_view lldb_reason(StopReason reason) {
  switch (reason) {
    case StopReason::none:
      return "none";
    case StopReason::step:
      return "trace";
    case StopReason::software_breakpoint:
    case StopReason::hardware_breakpoint:
      return "breakpoint";
    case StopReason::write_watchpoint:
    case StopReason::read_watchpoint:
    case StopReason::access_watchpoint:
      return "watchpoint";
    case StopReason::exception:
      return "exception";
    case StopReason::program_trap:
    case StopReason::interrupt:
      return "signal";
  }
  return "none";
}

/// GDB's own key for the reason, where it has one and has said that it knows it. [GDB RSP, Stop Reply Packets]
void put_gdb_reason(Dialog& dialog) {
  const auto watch = [&](std::string_view key) {
    dialog.reply.text(key);
    dialog.reply.hex(dialog.stop.address);
    dialog.reply.put(';');
  };
  switch (dialog.stop.reason) {
    case StopReason::software_breakpoint:
      if (dialog.client.swbreak) dialog.reply.text("swbreak:;");
      return;
    case StopReason::hardware_breakpoint:
      if (dialog.client.hwbreak) dialog.reply.text("hwbreak:;");
      return;
    case StopReason::write_watchpoint:
      return watch("watch:");
    case StopReason::read_watchpoint:
      return watch("rwatch:");
    case StopReason::access_watchpoint:
      return watch("awatch:");
    default:
      return;
  }
}

/// The registers that save a question after every stop, each as `NUMBER:VALUE;`.
void put_expedited(Dialog& dialog, ThreadId thread) {
  const RegisterSet& set = dialog.target.register_set();
  for (const std::size_t number : {set.fp, set.sp, set.pc, set.flags}) {
    std::array<std::byte, kMaxRegisterBytes> value;
    const auto bytes = std::span(value).first(set.registers[number].bytes());
    if (!dialog.target.read_register(thread, number, bytes)) continue;
    dialog.reply.hex_padded(number, 2);
    dialog.reply.put(':');
    dialog.reply.hex_bytes(bytes);
    dialog.reply.put(';');
  }
}

/// `threads:` and `thread-pcs:`. [LLDB gdb-remote, QListThreadsInStopReply]
void put_thread_list(Dialog& dialog) {
  Thread thread;
  std::size_t left = kMostListed;
  char separator = ':';
  dialog.target.first_thread(thread);
  dialog.reply.text("threads");
  do {
    dialog.reply.put(separator);
    dialog.reply.hex(static_cast<std::uint32_t>(thread.id));
    separator = ',';
  } while (--left > 0 && dialog.target.next_thread(thread));
  left = kMostListed;
  separator = ':';
  dialog.target.first_thread(thread);
  dialog.reply.text(";thread-pcs");
  do {
    dialog.reply.put(separator);
    dialog.reply.hex(thread.pc);
    separator = ',';
  } while (--left > 0 && dialog.target.next_thread(thread));
  dialog.reply.put(';');
}

void put_lldb_keys(Dialog& dialog, const Thread& thread, bool stopped) {
  // A plain name may not hold the packet's own separators.
  dialog.reply.text("hexname:");
  HexText(dialog.reply).text(thread.name);
  dialog.reply.text(";reason:");
  dialog.reply.text(lldb_reason(stopped ? dialog.stop.reason : StopReason::none));
  dialog.reply.put(';');
  if (stopped && !dialog.stop.description.empty()) {
    dialog.reply.text("description:");
    HexText(dialog.reply).text(dialog.stop.description);
    dialog.reply.put(';');
  }
  if (stopped && dialog.client.threads_in_stop_reply) put_thread_list(dialog);
}

}  // namespace

void write_stop_reply(Dialog& dialog, ThreadId id) {
  const bool stopped = id == dialog.stop.thread;
  Thread thread;
  const bool known = find_thread(dialog.target, id, thread);
  dialog.reply.clear();
  dialog.reply.put('T');
  dialog.reply.hex_padded(stopped ? static_cast<std::uint8_t>(dialog.stop.signal) : 0, 2);
  put_expedited(dialog, id);
  dialog.reply.text("thread:");
  dialog.reply.hex(static_cast<std::uint32_t>(id));
  dialog.reply.put(';');
  if (known) {
    dialog.reply.text("core:");
    dialog.reply.hex(thread.core);
    dialog.reply.put(';');
  }
  if (stopped) put_gdb_reason(dialog);
  if (known && dialog.client.thread_suffix) put_lldb_keys(dialog, thread, stopped);
}

void stop_reason(Dialog& dialog, Scanner) {
  write_stop_reply(dialog, dialog.stop.thread);
}

void thread_stop_info(Dialog& dialog, Scanner arguments) {
  const auto id = arguments.thread();
  Thread thread;
  if (!id || !arguments.at_end()) return dialog.reply.error(Error::invalid);
  if (!find_thread(dialog.target, *id, thread)) return dialog.reply.error(Error::no_thread);
  write_stop_reply(dialog, *id);
}

void threads_as_json(Dialog& dialog, Scanner) {
  const RegisterSet& set = dialog.target.register_set();
  EscapedText json(dialog.reply);
  Thread thread;
  char separator = '[';
  dialog.target.first_thread(thread);
  do {
    // A list cut short in the middle of a thread would be no JSON; LLDB asks for what is missing by other packets.
    if (dialog.reply.room() < 2048) break;
    const bool stopped = thread.id == dialog.stop.thread;
    json.put(separator);
    json.text("{\"tid\":");
    json.decimal(static_cast<std::uint32_t>(thread.id));
    json.text(",\"name\":\"");
    json_text(json, thread.name);
    json.text("\",\"reason\":\"");
    json.text(lldb_reason(stopped ? dialog.stop.reason : StopReason::none));
    json.text("\",\"signal\":");
    json.decimal(stopped ? static_cast<std::uint8_t>(dialog.stop.signal) : 0);
    if (stopped && !dialog.stop.description.empty()) {
      json.text(",\"description\":\"");
      json_text(json, dialog.stop.description.substr(0, 256));
      json.put('"');
    }
    json.text(",\"registers\":{");
    std::string_view comma = "";
    for (std::size_t number = 0; number <= set.pc; ++number) {  // what a thread does not have of them, it leaves out
      std::array<std::byte, kMaxRegisterBytes> value;
      const auto bytes = std::span(value).first(set.registers[number].bytes());
      if (!dialog.target.read_register(thread.id, number, bytes)) continue;
      json.text(comma);
      json.put('"');
      json.decimal(number);  // decimal here, hexadecimal in T packets
      json.text("\":\"");
      for (const std::byte byte : bytes) json.hex_padded(static_cast<std::uint8_t>(byte), 2);
      json.put('"');
      comma = ",";
    }
    json.text("}}");
    separator = ',';
  } while (dialog.target.next_thread(thread));
  json.put(']');
}

}  // namespace toro::gdbstub
