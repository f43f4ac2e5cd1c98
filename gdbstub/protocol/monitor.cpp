// `monitor COMMAND`: the stub's own words, in one table that `monitor help` reads out. [GDB RSP, "qRcmd"]
#include <array>

#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

namespace {

struct Command {
  std::string_view name;
  std::string_view help;
  void (*run)(Dialog& dialog, TextWriter& out);
};

void help(Dialog& dialog, TextWriter& out);

void list_threads(Dialog& dialog, TextWriter& out) {
  Thread thread;
  dialog.target.first_thread(thread);
  do {
    out.put(thread.id == dialog.stop.thread ? '*' : ' ');
    out.put(' ');
    out.decimal(static_cast<std::uint32_t>(thread.id));
    out.text("  core ");
    out.decimal(thread.core);
    out.text("  ");
    out.column(thread.name, 16);
    out.put(' ');
    out.text(thread.state);
    if (thread.waits_for[0] != 0) out.text(" for "), out.text(thread.waits_for);
    out.put('\n');
  } while (dialog.target.next_thread(thread));
}

void list_breakpoints(Dialog& dialog, TextWriter& out) {
  dialog.target.list_breakpoints(out);
}

void explain(Dialog& dialog, TextWriter& out) {
  out.text(dialog.stop.description.empty() ? "no exception" : dialog.stop.description);
  out.put('\n');
}

void exit_machine(Dialog& dialog, TextWriter&) {
  dialog.next = Next::power_off;
}
void reset_machine(Dialog& dialog, TextWriter&) {
  dialog.next = Next::restart;
}

constexpr Command kCommands[] = {
    {"help", "this list", help},
    {"threads", "every thread with core, name and state", list_threads},
    {"breakpoints", "what the stub has inserted, and the debug registers", list_breakpoints},
    {"why", "the exception that stopped the machine, in words", explain},
    {"exit", "end the machine", exit_machine},
    {"reset", "restart the machine", reset_machine},
};

void help(Dialog&, TextWriter& out) {
  for (const Command& command : kCommands) {
    out.column(command.name, 12);
    out.text(command.help);
    out.put('\n');
  }
}

/// Interim output, sent as a packet of its own: both debuggers print it as text. [GDB RSP, Stop Reply Packets, "O"]
class ConsoleText final : public TextWriter {
 public:
  explicit ConsoleText(Dialog& dialog) : dialog_(dialog) {}
  void put(char character) override {
    if (dialog_.reply.payload().empty()) dialog_.reply.put('O');
    dialog_.reply.hex_padded(static_cast<std::uint8_t>(character), 2);
    if (dialog_.reply.payload().size() + 2 > kPacketSize) flush();
  }
  void flush() {
    if (!dialog_.reply.payload().empty()) dialog_.send();
    dialog_.reply.clear();
  }

 private:
  Dialog& dialog_;
};

constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

}  // namespace

void monitor(Dialog& dialog, Scanner arguments) {
  std::array<char, 128> buffer;
  const std::size_t size = arguments.rest().size() / 2;
  if (arguments.rest().size() % 2 != 0 || size > buffer.size() ||
      !arguments.bytes(std::as_writable_bytes(std::span(buffer).first(size)))) {
    return dialog.reply.error(Error::invalid);
  }
  std::string_view wanted = trimmed({buffer.data(), size});
  if (wanted.empty()) wanted = "help";
  ConsoleText out(dialog);
  for (const Command& command : kCommands) {
    if (command.name != wanted) continue;
    command.run(dialog, out);
    out.flush();
    return dialog.reply.ok();
  }
  out.text("no such command; these there are:\n");
  help(dialog, out);
  out.flush();
  dialog.reply.ok();
}

}  // namespace toro::gdbstub
