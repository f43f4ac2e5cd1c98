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

/// The eight digits of four bytes, both in the order of memory.
[[nodiscard]] constexpr std::uint64_t hex_digits(std::uint32_t bytes) {
  // One byte for each nibble, the high one of each first.
  std::uint64_t spread = bytes;
  spread = (spread | spread << 16) & 0x0000'ffff'0000'ffff;
  spread = (spread | spread << 8) & 0x00ff'00ff'00ff'00ff;
  const std::uint64_t nibbles = (spread >> 4 & 0x000f'000f'000f'000f) | (spread & 0x000f'000f'000f'000f) << 8;
  // Those from 10 on carry into bit 4, and lie 'a' - '0' - 10 further.
  const std::uint64_t letters = (nibbles + 0x0606'0606'0606'0606) >> 4 & 0x0101'0101'0101'0101;
  return nibbles + 0x3030'3030'3030'3030 + letters * ('a' - '0' - 10);
}
static_assert(hex_digits(0x9fa0'7b12) == 0x6639'3061'6237'3231);

/// The sum of the eight bytes of a word.
[[nodiscard]] constexpr std::uint8_t sum_of_bytes(std::uint64_t word) {
  const std::uint64_t pairs = (word & 0x00ff'00ff'00ff'00ff) + (word >> 8 & 0x00ff'00ff'00ff'00ff);
  return static_cast<std::uint8_t>(pairs * 0x0001'0001'0001'0001 >> 48);
}
static_assert(sum_of_bytes(0xff01'0203'0405'0607) == 0x1b);

}  // namespace toro::gdbstub
