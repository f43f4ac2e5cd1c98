// Reads what a description in kernel/tables/table.hpp points to. All of it is foreign: it may be damaged.
#pragma once

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
