// `mailboxes`: messages between cores.
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/tables/table.hpp"

namespace toro::process {

struct MailboxTable {
  static constexpr std::size_t kWritten = offsetof(Inbox, written_);
  static constexpr std::size_t kTaken = offsetof(Inbox, taken_);
};

}  // namespace toro::process

namespace toro::tables {
namespace {

using process::MailboxTable;

// A row is a sender: its counters lie next to those of the others.
constexpr Place kWritten = at(MailboxTable::kWritten, 1);
constexpr Place kTaken = at(MailboxTable::kTaken, 1);

constexpr Column kColumns[] = {
    {.name = "to core", .format = Format::core_number},      {.name = "from core", .format = Format::row_number},
    {.name = "waiting", .value = kWritten, .minus = kTaken}, {.name = "written modulo 256", .value = kWritten},
    {.name = "taken modulo 256", .value = kTaken},
};

constexpr Table kTable{
    .name = "mailboxes",
    .title = "Mailboxes",
    .about = "Messages from core to core, of those that ever sent one",
    .rows = {.each_core = true,
             .stride = 1,
             .base = &process::inboxes,
             .count = arch::kMaxCores,
             .most = &arch::toro_core_count,
             .only_where = kWritten},
    .columns = kColumns,
};
TORO_OBJECT_TABLE(kTable);

}  // namespace
}  // namespace toro::tables
