// Tables of kernel objects, read out of memory by the descriptions that the image carries (kernel/tables).
#pragma once

#include <string_view>

#include "gdbstub/protocol/target.hpp"

namespace toro::gdbstub {

/// Takes a table cell by cell.
class TableSink {
 public:
  /// What is wanted of the rows from here on.
  enum class Wants : std::uint8_t { row, next_row, no_more };
  virtual Wants begin_row() = 0;
  virtual void cell(std::string_view column, std::string_view value) = 0;
  virtual void end_row() = 0;

 protected:
  constexpr TableSink() = default;
  ~TableSink() = default;
};

/// What there is of a table before its rows.
struct TableTitle {
  char name[24] = {};
  char title[32] = {};
  char about[128] = {};
};

/// Table number `number`, from 0: those of every target first, then those that the image describes. False behind the
/// last one; a damaged description is left out, and has an empty name.
[[nodiscard]] bool table_title(Target& target, std::size_t number, TableTitle& title);

/// The number of the table `name`; false where there is none.
[[nodiscard]] bool find_table(Target& target, std::string_view name, std::size_t& number);

/// Reads the rows of a table that there is. What is not mapped ends a table, or leaves a cell empty.
void read_table(Target& target, std::size_t number, TableSink& sink);

}  // namespace toro::gdbstub
