// The US layout. [ANSI INCITS 154]
#include "kernel/devices/keyboard/layout.hpp"

namespace toro::keyboard {
namespace {

using enum Key;

constexpr unsigned index(Key key) {
  return static_cast<unsigned>(key);
}
constexpr bool is_within(Key key, Key first, Key last) {
  return key >= first && key <= last;
}

struct Pair {
  char plain, shifted;
};
/// From digit1 on, to slash.
constexpr Pair kPairs[]{
    {'1', '!'}, {'2', '@'},   {'3', '#'}, {'4', '$'},   {'5', '%'},   {'6', '^'}, {'7', '&'}, {'8', '*'}, {'9', '('},
    {'0', ')'}, {'\n', '\n'}, {27, 27},   {'\b', '\b'}, {'\t', '\t'}, {' ', ' '}, {'-', '_'}, {'=', '+'}, {'[', '{'},
    {']', '}'}, {'\\', '|'},  {0, 0},     {';', ':'},   {'\'', '"'},  {'`', '~'}, {',', '<'}, {'.', '>'}, {'/', '?'},
};
static_assert(std::size(kPairs) == index(slash) - index(digit1) + 1);

/// From keypad_divide on, to keypad_decimal.
constexpr char kKeypad[] = "/*-+\n1234567890.";
static_assert(sizeof kKeypad - 1 == index(keypad_decimal) - index(keypad_divide) + 1);

char with_control(char character) {
  constexpr char kControl = 0x1f;
  const bool has_one = (character >= '@' && character <= '_') || (character >= 'a' && character <= 'z');
  return has_one ? static_cast<char>(character & kControl) : character;
}

}  // namespace

char character_of(Key key, const Modifiers& modifiers) {
  if (modifiers.alt) return 0;
  char character = 0;
  if (is_within(key, a, z)) {
    const bool capital = modifiers.shift != modifiers.caps_lock;
    character = static_cast<char>((capital ? 'A' : 'a') + (index(key) - index(a)));
  } else if (is_within(key, digit1, slash)) {
    const Pair& pair = kPairs[index(key) - index(digit1)];
    character = modifiers.shift ? pair.shifted : pair.plain;
  } else if (is_within(key, keypad_divide, keypad_decimal)) {
    character = kKeypad[index(key) - index(keypad_divide)];
  } else if (key == less) {
    character = modifiers.shift ? '>' : '<';
  }
  return modifiers.control ? with_control(character) : character;
}

bool KeyboardState::is_down(Key left, Key right) const {
  const unsigned bits = 1U << (index(left) - index(left_control)) | 1U << (index(right) - index(left_control));
  return (modifiers_down_ & bits) != 0;
}

Event KeyboardState::apply(const KeyChange& change) {
  if (is_within(change.key, left_control, right_meta)) {
    const unsigned bit = 1U << (index(change.key) - index(left_control));
    modifiers_down_ = static_cast<std::uint8_t>(change.pressed ? modifiers_down_ | bit : modifiers_down_ & ~bit);
  }
  if (change.key == caps_lock) {
    if (change.pressed && !caps_down_) caps_lock_ = !caps_lock_;  // not again while it is held
    caps_down_ = change.pressed;
  }
  const Modifiers modifiers{.shift = is_down(left_shift, right_shift),
                            .control = is_down(left_control, right_control),
                            .alt = is_down(left_alt, right_alt),
                            .caps_lock = caps_lock_};
  return {change.key, change.pressed, modifiers, change.pressed ? character_of(change.key, modifiers) : char{0}};
}

}  // namespace toro::keyboard
