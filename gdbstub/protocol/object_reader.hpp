// Reads what a description in kernel/tables/table.hpp points to. All of it is foreign: it may be damaged.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "gdbstub/protocol/cell_text.hpp"
#include "gdbstub/protocol/target.hpp"
#include "kernel/tables/table.hpp"

namespace toro::gdbstub {

/// Reads an object as it lies in memory; false where a byte of it is not there.
template <typename Object>
[[nodiscard]] bool read_from(Target& target, std::uint64_t address, Object& object) {
  return target.read_memory(address, std::as_writable_bytes(std::span(&object, 1))) == sizeof object;
}

/// Appends the characters at `address` up to a zero, at most `most`.
void read_text(Target& target, std::uint64_t address, std::size_t most, TextWriter& out);

/// How many elements there are, of which some may be missing.
[[nodiscard]] std::uint64_t element_count(Target& target, const tables::Rows& rows);

/// Calls `visit` with address and number of each element that is there, of rows that are not linked and begin at
/// `begin`, for as long as it returns true.
template <typename Visit>
void each_element(Target& target, const tables::Rows& rows, std::uint64_t begin, Visit visit) {
  const bool is_chunked = rows.shape == tables::Shape::chunks;
  const std::uint64_t count = element_count(target, rows), together = is_chunked ? rows.per_chunk : count;
  for (std::uint64_t first = 0; together != 0 && first < count; first += together) {
    std::uint64_t at = begin;
    if (is_chunked && (!read_from(target, begin + first / together * sizeof at, at) || at == 0)) continue;
    for (std::uint64_t i = first; i < std::min(first + together, count); ++i, at += rows.stride) {
      std::uint64_t object = at;
      if (rows.shape == tables::Shape::pointers && !read_from(target, at, object)) return;
      if (object != 0 && !visit(object, i)) return;
    }
  }
}

/// One row: what its cells are read from.
class ObjectRow {
 public:
  ObjectRow(Target& target, std::uint64_t object, unsigned core, std::uint64_t number, std::uint64_t outermost)
      : target_(target), object_(object), core_(core), number_(number), outermost_(outermost) {}

  [[nodiscard]] std::uint64_t object() const { return object_; }
  [[nodiscard]] unsigned core() const { return core_; }
  [[nodiscard]] std::uint64_t outermost() const { return outermost_; }
  /// Nothing where there is no such place, or a pointer leads nowhere.
  [[nodiscard]] std::optional<std::uint64_t> address(const tables::Place& place) const;
  /// The number at such an address.
  [[nodiscard]] std::optional<std::uint64_t> number(const tables::Place& place) const;
  /// Nothing is written where it cannot be read.
  void write(const tables::Column& column, TextWriter& out) const;

 private:
  void write_number(const tables::Column& column, TextWriter& out) const;
  bool write_word(const tables::Column& column, std::uint64_t number, TextWriter& out) const;
  void write_text(const tables::Column& column, TextWriter& out) const;
  void write_holder(const tables::Column& column, TextWriter& out) const;
  void write_checks(const tables::Column& column, TextWriter& out) const;
  [[nodiscard]] bool holds(const tables::Check& check) const;

  Target& target_;
  std::uint64_t object_;
  unsigned core_;
  std::uint64_t number_;
  std::uint64_t outermost_;
};

}  // namespace toro::gdbstub
