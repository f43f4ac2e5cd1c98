// What only LLDB asks. [LLDB docs/resources/lldbgdbremote.md]
#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

namespace {

constexpr std::string_view kTriple = "x86_64-unknown-unknown-elf";

}  // namespace

void enable_thread_suffix(Dialog& dialog, Scanner) {
  dialog.client.thread_suffix = true;
  dialog.reply.ok();
}

void enable_thread_list(Dialog& dialog, Scanner) {
  dialog.client.threads_in_stop_reply = true;
  dialog.reply.ok();
}

void enable_error_strings(Dialog& dialog, Scanner) {
  dialog.client.error_strings = true;
  dialog.reply.ok();
}

void host_info(Dialog& dialog, Scanner) {
  dialog.reply.text("triple:");
  HexText(dialog.reply).text(kTriple);
  dialog.reply.text(";endian:little;ptrsize:8;hostname:");
  HexText(dialog.reply).text("toro");
  dialog.reply.text(";watchpoint_exceptions_received:after;");
}

void process_info(Dialog& dialog, Scanner) {
  dialog.reply.text("pid:1;triple:");
  HexText(dialog.reply).text(kTriple);
  dialog.reply.text(";ostype:unknown;endian:little;ptrsize:8;");
}

void server_version(Dialog& dialog, Scanner) {
  dialog.reply.text("name:toro-gdbstub;version:1;");
}

}  // namespace toro::gdbstub
