// `g`, `G`, `p`, `P`: registers. [GDB RSP, Packets]
#include <array>
#include <cstring>

#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

namespace {

using Value = std::array<std::byte, kMaxRegisterBytes>;

/// Unknown values are told as such, digit by digit.
void put_register(Dialog& dialog, ThreadId thread, std::size_t number) {
  const std::size_t size = dialog.target.register_set().registers[number].bytes();
  Value value;
  if (dialog.target.read_register(thread, number, std::span(value).first(size))) {
    dialog.reply.hex_bytes(std::span(value).first(size));
  } else {
    for (std::size_t i = 0; i < size; ++i) dialog.reply.text("xx");
  }
}

bool thread_exists(Dialog& dialog, ThreadId thread) {
  Thread found;
  if (thread == dialog.stop.thread || find_thread(dialog.target, thread, found)) return true;
  dialog.reply.error(Error::no_thread);
  return false;
}

/// Writes what differs: `G` brings back every register, also those that refuse any other value.
bool change_register(Dialog& dialog, ThreadId thread, std::size_t number, std::span<const std::byte> value) {
  Value present;
  if (dialog.target.read_register(thread, number, std::span(present).first(value.size())) &&
      std::memcmp(present.data(), value.data(), value.size()) == 0) {
    return true;
  }
  return dialog.target.write_register(thread, number, value);
}

}  // namespace

bool take_thread_suffix(Dialog& dialog, Scanner& arguments, ThreadId& thread) {
  thread = dialog.chosen(dialog.general);
  if (arguments.at_end()) return true;
  if (!arguments.take(";thread:")) return arguments.take(';') && arguments.at_end();
  const auto named = arguments.thread();
  if (!named) return false;
  thread = dialog.chosen(*named);
  arguments.take(';');
  return arguments.at_end();
}

void read_registers(Dialog& dialog, Scanner arguments) {
  ThreadId thread;
  if (!take_thread_suffix(dialog, arguments, thread)) return dialog.reply.error(Error::invalid);
  if (!thread_exists(dialog, thread)) return;
  for (std::size_t i = 0; i < dialog.target.register_set().general_count; ++i) put_register(dialog, thread, i);
}

void write_registers(Dialog& dialog, Scanner arguments) {
  const RegisterSet& set = dialog.target.register_set();
  Scanner values(arguments.until(';'));
  ThreadId thread = dialog.chosen(dialog.general);
  if (!arguments.at_end()) {
    if (!arguments.take("thread:")) return dialog.reply.error(Error::invalid);
    const auto named = arguments.thread();
    if (!named) return dialog.reply.error(Error::invalid);
    thread = dialog.chosen(*named);
  }
  if (!thread_exists(dialog, thread)) return;
  bool done = true;
  for (std::size_t i = 0; i < set.general_count && !values.at_end(); ++i) {
    const std::size_t size = set.registers[i].bytes();
    if (values.rest().starts_with('x')) {
      while (values.take('x')) {
      }
      continue;
    }
    Value value;
    if (!values.bytes(std::span(value).first(size))) return dialog.reply.error(Error::invalid);
    done &= change_register(dialog, thread, i, std::span(value).first(size));
  }
  if (!values.at_end()) return dialog.reply.error(Error::invalid);
  done ? dialog.reply.ok() : dialog.reply.error(Error::not_permitted);
}

void read_register(Dialog& dialog, Scanner arguments) {
  const auto number = arguments.number();
  ThreadId thread;
  if (!number || *number >= dialog.target.register_set().registers.size() ||
      !take_thread_suffix(dialog, arguments, thread)) {
    return dialog.reply.error(Error::invalid);
  }
  if (thread_exists(dialog, thread)) put_register(dialog, thread, *number);
}

void write_register(Dialog& dialog, Scanner arguments) {
  const RegisterSet& set = dialog.target.register_set();
  const auto number = arguments.number();
  if (!number || *number >= set.registers.size() || !arguments.take('=')) return dialog.reply.error(Error::invalid);
  const std::size_t size = set.registers[*number].bytes();
  Value value;
  ThreadId thread;
  if (!arguments.bytes(std::span(value).first(size)) || !take_thread_suffix(dialog, arguments, thread)) {
    return dialog.reply.error(Error::invalid);
  }
  if (!thread_exists(dialog, thread)) return;
  const bool done = change_register(dialog, thread, *number, std::span(value).first(size));
  done ? dialog.reply.ok() : dialog.reply.error(Error::not_permitted);
}

}  // namespace toro::gdbstub
