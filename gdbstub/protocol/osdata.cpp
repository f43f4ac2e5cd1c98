#include "gdbstub/protocol/osdata.hpp"

#include "gdbstub/protocol/object_tables.hpp"

namespace toro::gdbstub {

namespace {

class XmlRows : public TableSink {
 public:
  explicit XmlRows(TextWriter& xml) : xml_(xml) {}
  Wants begin_row() override {
    xml_.text("<item>");
    return Wants::row;
  }
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

/// The rows from a bookmark on, up to the end of the window.
class PageOfRows final : public XmlRows {
 public:
  PageOfRows(DocumentWindow& window, TableBookmark& bookmark, std::uint64_t first)
      : XmlRows(window), window_(window), bookmark_(bookmark), first_(first) {}

  Wants begin_row() override {
    if (window_.full()) return Wants::no_more;
    row_ = next_++;
    if (row_ < first_) return Wants::next_row;
    if (row_ == first_ && first_ != 0) window_.skip_to(bookmark_.position);
    begin_ = window_.position();
    return XmlRows::begin_row();
  }
  void end_row() override {
    XmlRows::end_row();
    if (window_.full()) bookmark_.row = row_, bookmark_.position = begin_;
  }

 private:
  DocumentWindow& window_;
  TableBookmark& bookmark_;
  std::uint64_t first_;
  std::uint64_t next_ = 0;
  std::uint64_t row_ = 0;
  std::uint64_t begin_ = 0;
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
    static_cast<void>(rows.begin_row());
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

bool write_osdata(DocumentWindow& xml, std::uint64_t offset, std::string_view name, Target& target,
                  TableBookmark& bookmark) {
  std::size_t number = 0;
  if (name.empty() || !find_table(target, name, number)) return write_osdata(xml, name, target);
  const bool goes_on = bookmark.table == number && bookmark.position != 0 && bookmark.position <= offset;
  bookmark.table = number;
  PageOfRows rows(xml, bookmark, goes_on ? bookmark.row : 0);
  begin_table(xml, name);
  read_table(target, number, rows);
  xml.text("</osdata>\n");
  return true;
}

}  // namespace toro::gdbstub
