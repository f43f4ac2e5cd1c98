// Hexadecimal digits: how the protocol writes numbers and bytes.
#pragma once

#include <cstdint>

namespace toro::gdbstub {

/// The value of a digit, or -1.
[[nodiscard]] constexpr int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// The digit of the lowest four bits.
[[nodiscard]] constexpr char hex_digit(std::uint64_t value) {
  return "0123456789abcdef"[value & 15];
}

}  // namespace toro::gdbstub
