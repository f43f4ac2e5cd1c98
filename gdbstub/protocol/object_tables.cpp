#include "gdbstub/protocol/object_tables.hpp"

#include <algorithm>

#include "gdbstub/protocol/cell_text.hpp"
#include "gdbstub/protocol/object_reader.hpp"

namespace toro::gdbstub {

namespace {

/// No description has more; a damaged one may say so.
constexpr std::uint64_t kMostTables = 64, kMostColumns = 32, kMostRows = 4096, kMostParts = 8;

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
    const auto wants = sink.begin_row();
    if (wants == TableSink::Wants::no_more) return;
    if (wants == TableSink::Wants::next_row) continue;
    decimal(sink, "id", static_cast<std::uint32_t>(thread.id));
    sink.cell("name", thread.name);
    decimal(sink, "core", thread.core);
    sink.cell("state", thread.state);
    sink.cell("waits for", thread.waits_for);
    address(sink, "pc", thread.pc);
    address(sink, "sp", thread.sp);
    decimal(sink, "stack size", thread.stack_low != 0 ? thread.stack_high - thread.stack_low : 0);  // 0: not known
    decimal(sink, "stack used", on_stack ? thread.stack_high - thread.sp : 0);
    sink.end_row();
  } while (target.next_thread(thread));
}

void mappings(Target& target, TableSink& sink) {
  std::uint64_t start = 0;
  for (std::uint64_t row = 0; row < kMostRows; ++row) {
    const MemoryRegion region = target.region_at(start);
    const auto wants = region.mapped ? sink.begin_row() : TableSink::Wants::next_row;
    if (wants == TableSink::Wants::no_more) return;
    if (wants == TableSink::Wants::row) {
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

/// A row that has begun.
void write_row(Target& target, const tables::Table& table, const ObjectRow& row, TableSink& sink) {
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

/// Writes a table row by row. The objects, and what leads to them, may be damaged: a list may be a ring.
class TableReader {
 public:
  TableReader(Target& target, TableSink& sink) : target_(target), sink_(sink) {}

  void read(const tables::Table& table) {
    table_ = table;
    levels_[0] = table.rows;
    for (outermost_ = 0; levels_[outermost_].within != nullptr; ++outermost_) {
      const auto within = reinterpret_cast<std::uint64_t>(levels_[outermost_].within);
      if (outermost_ + 1 == std::size(levels_) || !read_from(target_, within, levels_[outermost_ + 1])) return;
    }
    const tables::Rows& rows = levels_[outermost_];
    const auto base = reinterpret_cast<std::uint64_t>(rows.base);
    if (base == 0) return;
    if (!rows.each_core) return enter(outermost_, ObjectRow(target_, base, 0, 0, base));
    for (unsigned core = 0; core < target_.core_count(); ++core)
      if (const auto copy = target_.core_copy(core, base)) enter(outermost_, ObjectRow(target_, *copy, core, 0, *copy));
  }

 private:
  /// The rows of `level` that lie in `around`.
  void enter(std::size_t level, const ObjectRow& around) {
    const tables::Rows& rows = levels_[level];
    if (rows.shape == tables::Shape::linked) {
      std::uint64_t object = around.number(rows.first).value_or(0);
      for (std::uint64_t i = 0; object != 0 && visit(level, object, around, i); ++i)
        if (!read_from(target_, object + rows.stride, object)) return;
      return;
    }
    const auto begin = rows.first.steps == 0 ? around.object() : around.address(rows.first);
    if (!begin) return;
    each_element(target_, rows, *begin,
                 [&](std::uint64_t element, std::uint64_t number) { return visit(level, element, around, number); });
  }

  /// False where that is enough.
  bool visit(std::size_t level, std::uint64_t object, const ObjectRow& around, std::uint64_t number) {
    if (rows_left_ == 0 || visits_left_ == 0) return false;
    --visits_left_;
    const ObjectRow row(target_, object, around.core(), number, level == outermost_ ? object : around.outermost());
    const tables::Place& only_where = levels_[level].only_where;
    if (only_where.steps != 0 && row.number(only_where).value_or(0) == 0) return true;
    if (level != 0) {
      enter(level - 1, row);
      return true;
    }
    --rows_left_;
    const auto wants = sink_.begin_row();
    if (wants == TableSink::Wants::no_more) rows_left_ = 0;
    if (wants == TableSink::Wants::row) write_row(target_, table_, row, sink_);
    return rows_left_ != 0;
  }

  static constexpr std::uint64_t kMostVisits = 65536;

  Target& target_;
  TableSink& sink_;
  tables::Table table_;
  tables::Rows levels_[3];
  std::size_t outermost_ = 0;
  std::uint64_t rows_left_ = kMostRows;
  std::uint64_t visits_left_ = kMostVisits;
};

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
  if (!described(target, number, table)) return;
  TableReader reader(target, sink);
  for (unsigned parts = 0; parts < kMostParts; ++parts) {
    reader.read(table);
    if (table.more == nullptr || !read_from(target, reinterpret_cast<std::uint64_t>(table.more), table)) return;
  }
}

}  // namespace toro::gdbstub
