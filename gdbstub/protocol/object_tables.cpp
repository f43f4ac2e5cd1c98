#include "gdbstub/protocol/object_tables.hpp"

#include <algorithm>

#include "gdbstub/protocol/cell_text.hpp"
#include "gdbstub/protocol/object_reader.hpp"

namespace toro::gdbstub {

namespace {

/// No description has more; a damaged one may say so.
constexpr std::uint64_t kMostTables = 64, kMostColumns = 32;
/// Of a table no more is read.
constexpr std::uint64_t kMostRows = 4096;

void decimal(TableSink& sink, std::string_view column, std::uint64_t value) {
  CellText text;
  text.decimal(value);
  sink.cell(column, text.view());
}

void address(TableSink& sink, std::string_view column, std::uint64_t value) {
  CellText text;
  text.address(value);
  sink.cell(column, text.view());
}

void threads(Target& target, TableSink& sink) {
  Thread thread;
  target.first_thread(thread);
  do {
    const bool on_stack = thread.sp >= thread.stack_low && thread.sp <= thread.stack_high;
    sink.begin_row();
    decimal(sink, "id", static_cast<std::uint32_t>(thread.id));
    sink.cell("name", thread.name);
    decimal(sink, "core", thread.core);
    sink.cell("state", thread.state);
    sink.cell("waits for", thread.waits_for);
    address(sink, "pc", thread.pc);
    address(sink, "sp", thread.sp);
    decimal(sink, "stack size", thread.stack_high - thread.stack_low);
    decimal(sink, "stack used", on_stack ? thread.stack_high - thread.sp : 0);
    sink.end_row();
  } while (target.next_thread(thread));
}

void mappings(Target& target, TableSink& sink) {
  std::uint64_t start = 0;
  for (std::uint64_t row = 0; row < kMostRows; ++row) {
    const MemoryRegion region = target.region_at(start);
    if (region.mapped) {
      sink.begin_row();
      address(sink, "start", region.start);
      address(sink, "end", region.start + region.size);
      decimal(sink, "KiB", region.size / 1024);
      sink.cell("rights", region.executable ? (region.writable ? "rwx" : "r-x") : (region.writable ? "rw-" : "r--"));
      sink.end_row();
    }
    if (region.size == 0 || region.start + region.size <= start) return;
    start = region.start + region.size;
  }
}

struct OwnTable {
  TableTitle title;
  void (*read)(Target& target, TableSink& sink);
};

constexpr OwnTable kOwnTables[] = {
    {{"threads", "Threads", "Every thread with its core, state and stack"}, threads},
    {{"mappings", "Page mappings", "What is mapped, and with which rights"}, mappings},
};
constexpr std::size_t kOwnCount = std::size(kOwnTables);

/// The description of the table that follows those of every target.
bool described(Target& target, std::size_t number, tables::Table& table) {
  std::uint64_t where = 0;
  return read_from(target, target.tables().begin + 8 * (number - kOwnCount), where) && read_from(target, where, table);
}

std::size_t table_count(Target& target) {
  const TableRange range = target.tables();
  if (range.end < range.begin) return kOwnCount;
  return kOwnCount + std::min((range.end - range.begin) / 8, kMostTables);
}

template <std::size_t size>
void copy_text(Target& target, const char* from, char (&to)[size]) {
  CellText text;
  read_text(target, reinterpret_cast<std::uint64_t>(from), size - 1, text);
  std::ranges::copy(text.view(), to);
  to[text.view().size()] = 0;
}
static_assert(sizeof TableTitle::about <= 128);  // what CellText holds

void write_row(Target& target, const tables::Table& table, const ObjectRow& row, TableSink& sink) {
  sink.begin_row();
  for (std::uint64_t i = 0; i < std::min(table.columns.count, kMostColumns); ++i) {
    tables::Column column;
    if (!read_from(target, reinterpret_cast<std::uint64_t>(table.columns.first + i), column)) break;
    CellText name, value;
    read_text(target, reinterpret_cast<std::uint64_t>(column.name), 32, name);
    row.write(column, value);
    sink.cell(name.view(), value.view());
  }
  sink.end_row();
}

std::uint64_t row_count(Target& target, const tables::Rows& rows) {
  std::uint64_t count = rows.count;
  const auto base = reinterpret_cast<std::uint64_t>(rows.base), end = reinterpret_cast<std::uint64_t>(rows.end);
  if (end != 0) count = end < base || rows.stride == 0 ? 0 : (end - base) / rows.stride;
  std::uint32_t most = 0;
  if (rows.most != nullptr && read_from(target, reinterpret_cast<std::uint64_t>(rows.most), most))
    count = std::min<std::uint64_t>(count, most);
  return std::min(count, kMostRows);
}

/// The rows of one list, which may be damaged, and a ring.
void read_list(Target& target, const tables::Table& table, TableSink& sink) {
  const std::uint64_t base = reinterpret_cast<std::uint64_t>(table.rows.base);
  std::uint64_t object = ObjectRow(target, base, 0, 0).number(table.rows.first).value_or(0);
  for (std::uint64_t i = 0; object != 0 && i < kMostRows; ++i) {
    write_row(target, table, ObjectRow(target, object, 0, i), sink);
    if (!read_from(target, object + table.rows.stride, object)) return;
  }
}

/// Element `number` of an array; nothing where there is none.
std::optional<std::uint64_t> element(Target& target, const tables::Rows& rows, std::uint64_t base,
                                     std::uint64_t number) {
  std::uint64_t pointer = 0;
  switch (rows.shape) {
    case tables::Shape::pointers:
      if (!read_from(target, base + number * rows.stride, pointer)) return std::nullopt;
      return pointer;
    case tables::Shape::chunks:
      if (rows.per_chunk == 0 || !read_from(target, base + number / rows.per_chunk * sizeof pointer, pointer) ||
          pointer == 0)
        return std::nullopt;
      return pointer + number % rows.per_chunk * rows.stride;
    default:
      return base + number * rows.stride;
  }
}

/// The rows of one array.
void read_rows(Target& target, const tables::Table& table, std::uint64_t base, unsigned core, TableSink& sink) {
  const std::uint64_t count = row_count(target, table.rows);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto object = element(target, table.rows, base, i);
    if (!object) continue;
    const ObjectRow row(target, *object, core, i);
    if (table.rows.only_where.steps != 0 && row.number(table.rows.only_where).value_or(0) == 0) continue;
    write_row(target, table, row, sink);
  }
}

}  // namespace

bool table_title(Target& target, std::size_t number, TableTitle& title) {
  if (number >= table_count(target)) return false;
  title = {};
  if (number < kOwnCount) {
    title = kOwnTables[number].title;
    return true;
  }
  tables::Table table;
  if (!described(target, number, table)) return true;
  copy_text(target, table.name, title.name);
  copy_text(target, table.title, title.title);
  copy_text(target, table.about, title.about);
  return true;
}

bool find_table(Target& target, std::string_view name, std::size_t& number) {
  TableTitle title;
  for (number = 0; table_title(target, number, title); ++number)
    if (!name.empty() && name == title.name) return true;
  return false;
}

void read_table(Target& target, std::size_t number, TableSink& sink) {
  if (number < kOwnCount) return kOwnTables[number].read(target, sink);
  tables::Table table;
  if (!described(target, number, table) || table.rows.base == nullptr) return;
  const auto base = reinterpret_cast<std::uint64_t>(table.rows.base);
  if (table.rows.shape == tables::Shape::linked) return read_list(target, table, sink);
  if (!table.rows.each_core) return read_rows(target, table, base, 0, sink);
  for (unsigned core = 0; core < target.core_count(); ++core)
    if (const auto copy = target.core_copy(core, base)) read_rows(target, table, *copy, core, sink);
}

}  // namespace toro::gdbstub
