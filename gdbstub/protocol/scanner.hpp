// Reads the arguments of a packet from left to right. Every failure is a value: the text is foreign.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gdbstub/protocol/hex.hpp"
#include "gdbstub/protocol/types.hpp"

namespace toro::gdbstub {

class Scanner {
 public:
  explicit constexpr Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] constexpr bool at_end() const { return text_.empty(); }
  [[nodiscard]] constexpr std::string_view rest() const { return text_; }

  constexpr bool take(char expected) {
    if (text_.empty() || text_.front() != expected) return false;
    text_.remove_prefix(1);
    return true;
  }

  constexpr bool take(std::string_view expected) {
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }

  /// What stands before `end`, which is consumed too; everything left where `end` is absent.
  constexpr std::string_view until(char end) {
    const std::size_t position = text_.find(end);
    const std::string_view found = text_.substr(0, position);
    text_.remove_prefix(position == std::string_view::npos ? text_.size() : position + 1);
    return found;
  }

  /// A number, most significant digit first. Nothing where no digit stands or the number needs more than 64 bits.
  constexpr std::optional<std::uint64_t> number() {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    while (digits < text_.size() && hex_value(text_[digits]) >= 0) {
      if (value >> 60 != 0) return std::nullopt;
      value = value << 4 | static_cast<std::uint64_t>(hex_value(text_[digits]));
      ++digits;
    }
    if (digits == 0) return std::nullopt;
    text_.remove_prefix(digits);
    return value;
  }

  /// A thread: a number, `-1` for all, `0` for any, each also as `pPID.TID`. [GDB RSP, Packets, "thread-id"]
  constexpr std::optional<ThreadId> thread() {
    if (take('p')) {
      if (!take("-1") && !number()) return std::nullopt;
      if (!take('.')) return ThreadId::all;
    }
    if (take("-1")) return ThreadId::all;
    const std::optional<std::uint64_t> value = number();
    if (!value || *value >= static_cast<std::uint64_t>(ThreadId::all)) return std::nullopt;
    return static_cast<ThreadId>(*value);
  }

  /// Exactly `bytes.size()` bytes of two digits each.
  constexpr bool bytes(std::span<std::byte> bytes) {
    if (text_.size() / 2 < bytes.size()) return false;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const int high = hex_value(text_[2 * i]);
      const int low = hex_value(text_[2 * i + 1]);
      if (high < 0 || low < 0) return false;
      bytes[i] = static_cast<std::byte>(high << 4 | low);
    }
    text_.remove_prefix(2 * bytes.size());
    return true;
  }

 private:
  std::string_view text_;
};

}  // namespace toro::gdbstub
