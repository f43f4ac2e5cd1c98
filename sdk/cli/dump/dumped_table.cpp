#include "sdk/cli/dump/dumped_table.hpp"

#include "gdbstub/protocol/osdata.hpp"
#include "sdk/cli/broker/table_json.hpp"

namespace toro::cli {
namespace {

class Document final : public gdbstub::TextWriter {
 public:
  void put(char character) override { text_ += character; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::string dumped_table_json(gdbstub::Target& target, const std::string& table) {
  Document document;
  if (gdbstub::write_osdata(document, table, target)) return table_json(table, document.text());
  return table_error_json(table, "the name of a table was expected: an empty line lists them");
}

}  // namespace toro::cli
