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
    case StopReason::recording_begins:
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
    case StopReason::recording_begins:
      return dialog.reply.text("replaylog:begin;");
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

/// What LLDB wants to know of a thread, but for its registers and memory.
void put_thread(TextWriter& json, const Thread& thread, const StopEvent* stop) {
  json.text("{\"tid\":");
  json.decimal(static_cast<std::uint32_t>(thread.id));
  json.text(",\"name\":\"");
  json_text(json, thread.name);
  json.text("\",\"reason\":\"");
  json.text(lldb_reason(stop != nullptr ? stop->reason : StopReason::none));
  json.text("\",\"signal\":");
  json.decimal(stop != nullptr ? static_cast<std::uint8_t>(stop->signal) : 0);
  if (stop != nullptr && !stop->description.empty()) {
    json.text(",\"description\":\"");
    json_text(json, stop->description.substr(0, 256));
    json.put('"');
  }
}

/// Every thread, so that LLDB asks none for its reason: one that stands at a breakpoint without having met it must be
/// known to LLDB as such, or is taken past it. Nothing where they are too many. [LLDB gdb-remote, jstopinfo;
/// ProcessGDBRemote::CalculateThreadStopInfo]
void put_stop_info(Dialog& dialog) {
  Thread thread;
  dialog.target.first_thread(thread);
  for (std::size_t count = 1; dialog.target.next_thread(thread); ++count)
    if (count == kMostListed) return;
  dialog.reply.text("jstopinfo:");
  HexText json(dialog.reply);
  char separator = '[';
  dialog.target.first_thread(thread);
  do {
    json.put(separator);
    separator = ',';
    if (thread.id == dialog.stop.thread) {
      put_thread(json, thread, &dialog.stop);
    } else {
      json.text("{\"tid\":");
      json.decimal(static_cast<std::uint32_t>(thread.id));
      json.text(",\"reason\":\"none\"");
    }
    json.put('}');
  } while (dialog.target.next_thread(thread));
  json.put(']');
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
  if (!stopped || !dialog.client.threads_in_stop_reply) return;
  put_stop_info(dialog);
  put_thread_list(dialog);
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

namespace {

void put_registers(TextWriter& json, Target& target, ThreadId thread) {
  const RegisterSet& set = target.register_set();
  std::string_view comma = "";
  for (std::size_t number = 0; number <= set.pc; ++number) {  // what a thread does not have of them, it leaves out
    std::array<std::byte, kMaxRegisterBytes> value;
    const auto bytes = std::span(value).first(set.registers[number].bytes());
    if (!target.read_register(thread, number, bytes)) continue;
    json.text(comma);
    json.put('"');
    json.decimal(number);  // decimal here, hexadecimal in T packets
    json.text("\":\"");
    for (const std::byte byte : bytes) json.hex_padded(static_cast<std::uint8_t>(byte), 2);
    json.put('"');
    comma = ",";
  }
}

/// The saved frame pointers and return addresses of a thread's innermost calls, which an unwinder asks for otherwise,
/// piece by piece.
void put_frame_records(TextWriter& json, Target& target, const Thread& thread) {
  constexpr unsigned kMost = 8;
  struct Record {
    std::uint64_t outer;
    std::uint64_t return_address;
  } record;
  std::uint64_t at = 0;
  const auto pointer = std::as_writable_bytes(std::span(&at, 1));
  if (!target.read_register(thread.id, target.register_set().fp, pointer)) return;
  std::string_view comma = "";
  for (unsigned i = 0; i < kMost; ++i) {
    if (at < thread.sp || at >= thread.stack_high) return;
    const auto bytes = std::as_writable_bytes(std::span(&record, 1));
    if (target.read_memory(at, bytes) != bytes.size()) return;
    json.text(comma);
    json.text("{\"address\":");
    json.decimal(at);
    json.text(",\"bytes\":\"");
    for (const std::byte byte : bytes) json.hex_padded(static_cast<std::uint8_t>(byte), 2);
    json.text("\"}");
    comma = ",";
    if (record.outer <= at) return;
    at = record.outer;
  }
}

}  // namespace

// [LLDB gdb-remote, jThreadsInfo]
void threads_as_json(Dialog& dialog, Scanner) {
  EscapedText json(dialog.reply);
  Thread thread;
  char separator = '[';
  dialog.target.first_thread(thread);
  do {
    // A list cut short in the middle of a thread would be no JSON; LLDB asks for what is missing by other packets.
    if (dialog.reply.room() < 2560) break;
    json.put(separator);
    put_thread(json, thread, thread.id == dialog.stop.thread ? &dialog.stop : nullptr);
    json.text(",\"registers\":{");
    put_registers(json, dialog.target, thread.id);
    json.text("},\"memory\":[");
    put_frame_records(json, dialog.target, thread);
    json.text("]}");
    separator = ',';
  } while (dialog.target.next_thread(thread));
  json.put(']');
}

}  // namespace toro::gdbstub
