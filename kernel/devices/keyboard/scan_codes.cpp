// Scan codes as keys.
#include "kernel/devices/keyboard/scan_codes.hpp"

#include <array>

namespace toro::keyboard {
namespace {

using enum Key;

constexpr std::uint8_t kExtended = 0xe0, kPause = 0xe1;
constexpr std::uint8_t kReleasedInSet1 = 0x80;  // of the code
constexpr std::uint8_t kReleasedInSet2 = 0xf0;  // before the code

/// Keys by their codes of set 1.
constexpr Key kSet1[]{
    // clang-format off
    none, escape, digit1, digit2, digit3, digit4, digit5, digit6, digit7, digit8, digit9, digit0, minus, equal, backspace,
    tab, q, w, e, r, t, y, u, i, o, p, left_bracket, right_bracket, enter,
    left_control, a, s, d, f, g, h, j, k, l, semicolon, apostrophe, grave,
    left_shift, backslash, z, x, c, v, b, n, m, comma, period, slash, right_shift,
    keypad_multiply, left_alt, space, caps_lock, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, num_lock, scroll_lock,
    keypad7, keypad8, keypad9, keypad_subtract, keypad4, keypad5, keypad6, keypad_add, keypad1, keypad2, keypad3, keypad0,
    keypad_decimal, print_screen, none, less, f11, f12,
    // clang-format on
};
static_assert(std::size(kSet1) == 0x59 && kSet1[0x3a] == caps_lock && kSet1[0x58] == f12);

struct Coded {
  std::uint8_t code;
  Key key;
};
constexpr Coded kExtendedSet1[]{
    {0x1c, keypad_enter}, {0x1d, right_control}, {0x35, keypad_divide}, {0x37, print_screen},
    {0x38, right_alt},    {0x46, pause},         {0x47, home},          {0x48, up},
    {0x49, page_up},      {0x4b, left},          {0x4d, right},         {0x4f, end},
    {0x50, down},         {0x51, page_down},     {0x52, insert},        {0x53, delete_forward},
    {0x5b, left_meta},    {0x5c, right_meta},    {0x5d, application},
};

/// By codes of set 2, what the controller makes of them for set 1: zero where no key has the code.
constexpr std::array<std::uint8_t, 0x84> kSet1OfSet2 = [] {
  constexpr std::uint8_t kBySet1[]{
      // clang-format off
      0x00, 0x76, 0x16, 0x1e, 0x26, 0x25, 0x2e, 0x36, 0x3d, 0x3e, 0x46, 0x45, 0x4e, 0x55, 0x66,
      0x0d, 0x15, 0x1d, 0x24, 0x2d, 0x2c, 0x35, 0x3c, 0x43, 0x44, 0x4d, 0x54, 0x5b, 0x5a,
      0x14, 0x1c, 0x1b, 0x23, 0x2b, 0x34, 0x33, 0x3b, 0x42, 0x4b, 0x4c, 0x52, 0x0e,
      0x12, 0x5d, 0x1a, 0x22, 0x21, 0x2a, 0x32, 0x31, 0x3a, 0x41, 0x49, 0x4a, 0x59,
      0x7c, 0x11, 0x29, 0x58, 0x05, 0x06, 0x04, 0x0c, 0x03, 0x0b, 0x83, 0x0a, 0x01, 0x09, 0x77, 0x7e,
      0x6c, 0x75, 0x7d, 0x7b, 0x6b, 0x73, 0x74, 0x79, 0x69, 0x72, 0x7a, 0x70,
      0x71, 0x7f, 0x00, 0x61, 0x78, 0x07, 0x00, 0x00, 0x1f, 0x27, 0x2f,
      // clang-format on
  };
  std::array<std::uint8_t, 0x84> table{};
  for (std::size_t code = 1; code < std::size(kBySet1); ++code)
    if (kBySet1[code] != 0) table[kBySet1[code]] = static_cast<std::uint8_t>(code);
  return table;
}();

Key key_of(std::uint8_t code, bool extended) {
  if (!extended) return code < std::size(kSet1) ? kSet1[code] : none;
  for (const Coded& entry : kExtendedSet1)
    if (entry.code == code) return entry.key;
  return none;  // the shifts that keyboards of old made up around other keys, too
}

}  // namespace

std::optional<KeyChange> ScanCodeDecoder::take(std::uint8_t byte) {
  if (pause_left_ != 0) {
    if (--pause_left_ != 0) return std::nullopt;
    return KeyChange{pause, true};
  }
  if (byte == kExtended) {
    extended_ = true;
    return std::nullopt;
  }
  if (byte == kPause) {  // in set 1 e1 1d 45 e1 9d c5; in set 2 e1 14 77 e1 f0 14 f0 77
    pause_left_ = set_ == ScanCodeSet::one ? 5 : 7;
    return std::nullopt;
  }
  if (set_ == ScanCodeSet::one)
    return complete(static_cast<std::uint8_t>(byte & ~kReleasedInSet1), (byte & kReleasedInSet1) == 0);
  if (byte == kReleasedInSet2) {
    released_ = true;
    return std::nullopt;
  }
  return complete(byte < kSet1OfSet2.size() ? kSet1OfSet2[byte] : 0, !released_);
}

std::optional<KeyChange> ScanCodeDecoder::complete(std::uint8_t code, bool pressed) {
  const Key key = key_of(code, extended_);
  extended_ = released_ = false;
  if (key == none) return std::nullopt;
  return KeyChange{key, pressed};
}

}  // namespace toro::keyboard
