#include "gdbstub/protocol/osdata.hpp"

#include "gdbstub/protocol/object_tables.hpp"

namespace toro::gdbstub {

namespace {

class XmlRows final : public TableSink {
 public:
  explicit XmlRows(TextWriter& xml) : xml_(xml) {}
  void begin_row() override { xml_.text("<item>"); }
  void cell(std::string_view column, std::string_view value) override {
    xml_.text("<column name=\"");
    xml_text(xml_, column);
    xml_.text("\">");
    xml_text(xml_, value);
    xml_.text("</column>");
  }
  void end_row() override { xml_.text("</item>\n"); }

 private:
  TextWriter& xml_;
};

void begin_table(TextWriter& xml, std::string_view type) {
  xml.text("<?xml version=\"1.0\"?>\n<!DOCTYPE osdata SYSTEM \"osdata.dtd\">\n<osdata type=\"");
  xml.text(type);
  xml.text("\">\n");
}

void list_tables(Target& target, TableSink& rows) {
  TableTitle title;
  for (std::size_t i = 0; table_title(target, i, title); ++i) {
    if (title.name[0] == 0) continue;
    rows.begin_row();
    rows.cell("Type", title.name);
    rows.cell("Description", title.about);
    rows.cell("Title", title.title);
    rows.end_row();
  }
}

}  // namespace

bool write_osdata(TextWriter& xml, std::string_view name, Target& target) {
  XmlRows rows(xml);
  std::size_t number = 0;
  if (!name.empty() && !find_table(target, name, number)) return false;
  begin_table(xml, name.empty() ? "types" : name);
  name.empty() ? list_tables(target, rows) : read_table(target, number, rows);
  xml.text("</osdata>\n");
  return true;
}

}  // namespace toro::gdbstub
