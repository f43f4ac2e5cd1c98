#include "gdbstub/protocol/osdata.hpp"

namespace toro::gdbstub {

namespace {

void begin_column(TextWriter& xml, std::string_view name) {
  xml.text("<column name=\"");
  xml.text(name);
  xml.text("\">");
}
void end_column(TextWriter& xml) {
  xml.text("</column>");
}

void column(TextWriter& xml, std::string_view name, std::string_view value) {
  begin_column(xml, name);
  xml_text(xml, value);
  end_column(xml);
}

void number(TextWriter& xml, std::string_view name, std::uint64_t value) {
  begin_column(xml, name);
  xml.decimal(value);
  end_column(xml);
}

void address(TextWriter& xml, std::string_view name, std::uint64_t value) {
  begin_column(xml, name);
  xml.text("0x");
  xml.hex(value);
  end_column(xml);
}

void threads(TextWriter& xml, Target& target) {
  Thread thread;
  target.first_thread(thread);
  do {
    const bool on_stack = thread.sp >= thread.stack_low && thread.sp <= thread.stack_high;
    xml.text("<item>");
    number(xml, "id", static_cast<std::uint32_t>(thread.id));
    column(xml, "name", thread.name);
    number(xml, "core", thread.core);
    column(xml, "state", thread.state);
    column(xml, "waits for", thread.waits_for);
    address(xml, "pc", thread.pc);
    address(xml, "sp", thread.sp);
    number(xml, "stack size", thread.stack_high - thread.stack_low);
    number(xml, "stack used", on_stack ? thread.stack_high - thread.sp : 0);
    xml.text("</item>\n");
  } while (target.next_thread(thread));
}

struct Table {
  std::string_view name;
  std::string_view title;
  std::string_view description;
  void (*write)(TextWriter& xml, Target& target);
};

constexpr Table kTables[] = {
    {"threads", "Threads", "Every thread with its core, state and stack", threads},
};

void begin_table(TextWriter& xml, std::string_view type) {
  xml.text("<?xml version=\"1.0\"?>\n<!DOCTYPE osdata SYSTEM \"osdata.dtd\">\n<osdata type=\"");
  xml.text(type);
  xml.text("\">\n");
}

}  // namespace

bool write_osdata(TextWriter& xml, std::string_view name, Target& target) {
  if (name.empty()) {
    begin_table(xml, "types");
    for (const Table& table : kTables) {
      xml.text("<item>");
      column(xml, "Type", table.name);
      column(xml, "Description", table.description);
      column(xml, "Title", table.title);
      xml.text("</item>\n");
    }
    xml.text("</osdata>\n");
    return true;
  }
  for (const Table& table : kTables) {
    if (table.name != name) continue;
    begin_table(xml, name);
    table.write(xml, target);
    xml.text("</osdata>\n");
    return true;
  }
  return false;
}

}  // namespace toro::gdbstub
