// Walks the entries of a table: each begins with its type, and its length is in the next byte or known by its type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "kernel/firmware/error.hpp"
#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware {

enum class RecordLength : std::uint8_t { in_second_byte, by_type };

/// `for (Records records{…}; const auto record = records.next();) …`, and then result(). Ends at the first bad record,
/// or after at most one step for each byte.
class Records {
 public:
  struct Record {
    std::uint8_t type = 0;
    Bytes bytes;  ///< from the type on; at least as long as `lengths` asks for
  };

  /// `lengths[type]` is the length of a record of that type, the least one where the record tells its own; 0, or beyond
  /// the end, for a type that is not known.
  constexpr Records(Bytes bytes, RecordLength length, std::span<const std::uint8_t> lengths)
      : bytes_{bytes}, lengths_{lengths}, length_{length} {}

  /// Nothing at the end, and where what follows is no record.
  [[nodiscard]] std::optional<Record> next() {
    if (bytes_.empty() || !result_) return std::nullopt;
    const auto type = static_cast<std::uint8_t>(bytes_[0]);
    const std::size_t needed = type < lengths_.size() ? lengths_[type] : 0;
    std::size_t length = needed;
    if (length_ == RecordLength::in_second_byte) {
      if (bytes_.size() < 2) return refuse(Error::entry_past_end);
      length = static_cast<std::size_t>(bytes_[1]);
      if (length < 2 || length < needed) return refuse(Error::entry_too_short);
    }
    if (length == 0) return refuse(Error::unknown_entry);
    if (length > bytes_.size()) return refuse(Error::entry_past_end);
    const Record record{type, bytes_.first(length)};
    bytes_ = bytes_.subspan(length);
    return record;
  }

  [[nodiscard]] std::expected<void, Error> result() const { return result_; }

 private:
  std::optional<Record> refuse(Error error) {
    result_ = std::unexpected{error};
    return std::nullopt;
  }

  Bytes bytes_;
  std::span<const std::uint8_t> lengths_;
  RecordLength length_;
  std::expected<void, Error> result_;
};

/// Calls `visit` with `entry` where it takes entries of that type; the others are passed over at no cost.
template <class Visitor, class Entry>
void offer(Visitor& visit, const Entry& entry) {
  if constexpr (requires { visit(entry); }) visit(entry);
}

}  // namespace toro::firmware
