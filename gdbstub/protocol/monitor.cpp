// `monitor COMMAND`: the stub's own words, in one table that `monitor help` reads out. [GDB RSP, "qRcmd"]
#include <array>

#include "gdbstub/protocol/handlers.hpp"
#include "gdbstub/protocol/object_tables.hpp"

namespace toro::gdbstub {

namespace {

struct Command {
  std::string_view name;
  std::string_view help;
  void (*run)(Dialog& dialog, TextWriter& out);
};

void help(Dialog& dialog, TextWriter& out);

/// As wide as the name of its column at least, and two spaces to the next.
void put_cell(TextWriter& out, std::string_view text, std::string_view column) {
  constexpr std::size_t kNarrowest = 12;
  out.column(text, static_cast<unsigned>(column.size() < kNarrowest ? kNarrowest : column.size()));
  out.text("  ");
}

/// The names of the columns, which the first row tells.
class HeadingRow final : public TableSink {
 public:
  explicit HeadingRow(TextWriter& out) : out_(out) {}
  Wants begin_row() override { return done_ ? Wants::no_more : Wants::row; }
  void cell(std::string_view column, std::string_view) override { put_cell(out_, column, column); }
  void end_row() override {
    out_.put('\n');
    done_ = true;
  }
  [[nodiscard]] bool done() const { return done_; }

 private:
  TextWriter& out_;
  bool done_ = false;
};

class TextRows final : public TableSink {
 public:
  explicit TextRows(TextWriter& out) : out_(out) {}
  Wants begin_row() override { return Wants::row; }
  void cell(std::string_view column, std::string_view value) override { put_cell(out_, value, column); }
  void end_row() override { out_.put('\n'); }

 private:
  TextWriter& out_;
};

void list_tables(Dialog& dialog, TextWriter& out) {
  TableTitle title;
  for (std::size_t i = 0; table_title(dialog.target, i, title); ++i) {
    if (title.name[0] == 0) continue;
    out.column(title.name, 12);
    out.text("  ");
    out.text(title.about);
    out.put('\n');
  }
}

void write_table(Dialog& dialog, std::size_t table, TextWriter& out) {
  HeadingRow heading(out);
  read_table(dialog.target, table, heading);
  if (!heading.done()) return out.text("there are none\n");
  TextRows rows(out);
  read_table(dialog.target, table, rows);
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
    {"tables", "the tables of kernel objects; the name of one is a command too", list_tables},
    {"breakpoints", "what the stub has inserted, and the debug registers", list_breakpoints},
    {"why", "the exception that stopped the machine, in words", explain},
    {"poweroff", "end the machine", exit_machine},
    {"exit", "the same", exit_machine},
    {"reboot", "restart the machine", reset_machine},
    {"reset", "the same", reset_machine},
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
  if (std::size_t table = 0; find_table(dialog.target, wanted, table)) {
    write_table(dialog, table, out);
    out.flush();
    return dialog.reply.ok();
  }
  out.text("no such command or table; these there are:\n");
  help(dialog, out);
  out.flush();
  dialog.reply.ok();
}

}  // namespace toro::gdbstub
