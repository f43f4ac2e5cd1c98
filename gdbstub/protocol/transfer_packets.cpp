// `qXfer`: the target description, the threads, and tables of kernel objects. [GDB RSP, "qXfer"]
#include <optional>

#include "gdbstub/protocol/handlers.hpp"
#include "gdbstub/protocol/osdata.hpp"
#include "gdbstub/protocol/target_description.hpp"

namespace toro::gdbstub {

namespace {

struct Transfer {
  std::string_view annex;
  std::uint64_t offset;
  std::uint64_t length;
};

/// `ANNEX:OFFSET,LENGTH`.
std::optional<Transfer> take_transfer(Scanner arguments) {
  const std::string_view annex = arguments.until(':');
  const auto offset = arguments.number();
  if (!offset || !arguments.take(',')) return std::nullopt;
  const auto length = arguments.number();
  if (!length || *length == 0 || !arguments.at_end()) return std::nullopt;
  return Transfer{annex, *offset, *length};
}

void write_thread(TextWriter& xml, const Thread& thread) {
  xml.text("<thread id=\"");
  xml.hex(static_cast<std::uint32_t>(thread.id));
  xml.text("\" core=\"");
  xml.decimal(thread.core);
  xml.text("\" name=\"");
  xml_text(xml, thread.name);
  xml.text("\">");
  if (thread.state == "running") {  // GDB's own word for one that does not stand
    xml.text("on core ");
    xml.decimal(thread.core);
  } else {
    xml.text(thread.state);
  }
  if (thread.waits_for[0] != 0) xml.text(" for "), xml_text(xml, thread.waits_for);
  xml.text("</thread>\n");
}

/// From the last thread on that is known to begin at or before `offset`, up to the end of what was asked for.
void write_threads(Dialog& dialog, DocumentWindow& xml, std::uint64_t offset) {
  ThreadBookmark& bookmark = dialog.bookmark;
  Thread thread;
  if (bookmark.position != 0 && bookmark.position <= offset) {
    thread = bookmark.thread;
    xml.skip_to(bookmark.position);
  } else {
    dialog.target.first_thread(thread);
    xml.text("<?xml version=\"1.0\"?>\n<threads>\n");
  }
  do {
    const std::uint64_t begin = xml.position();
    write_thread(xml, thread);
    if (xml.full()) {
      bookmark = {thread, begin};
      return;
    }
  } while (dialog.target.next_thread(thread));
  xml.text("</threads>\n");
}

}  // namespace

void transfer_features(Dialog& dialog, Scanner arguments) {
  const auto transfer = take_transfer(arguments);
  if (!transfer) return dialog.reply.error(Error::invalid);
  if (transfer->annex != "target.xml") return dialog.reply.text("E00");  // [GDB RSP, "qXfer": the annex is invalid]
  DocumentWindow window(dialog.reply, transfer->offset, transfer->length);
  write_target_description(window, dialog.target.register_set());
  window.finish();
}

void transfer_threads(Dialog& dialog, Scanner arguments) {
  const auto transfer = take_transfer(arguments);
  if (!transfer || !transfer->annex.empty()) return dialog.reply.error(Error::invalid);
  DocumentWindow window(dialog.reply, transfer->offset, transfer->length);
  write_threads(dialog, window, transfer->offset);
  window.finish();
}

void transfer_osdata(Dialog& dialog, Scanner arguments) {
  const auto transfer = take_transfer(arguments);
  if (!transfer) return dialog.reply.error(Error::invalid);
  DocumentWindow window(dialog.reply, transfer->offset, transfer->length);
  if (!write_osdata(window, transfer->offset, transfer->annex, dialog.target, dialog.table_bookmark))
    return dialog.reply.clear(), dialog.reply.text("E00");
  window.finish();
}

}  // namespace toro::gdbstub
