// The keyboard of the machine: keys as they go down and up, and the characters that they make.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "toro/detail/thread.hpp"

namespace toro::keyboard {

/// A key by its place on a US keyboard: the values are those of USB keyboards. [HID Usage Tables 1.4 §10]
enum class Key : std::uint8_t {
  none = 0x00,
  // clang-format off
  a = 0x04, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
  digit1, digit2, digit3, digit4, digit5, digit6, digit7, digit8, digit9, digit0,
  enter, escape, backspace, tab, space, minus, equal, left_bracket, right_bracket, backslash,
  semicolon = 0x33, apostrophe, grave, comma, period, slash, caps_lock,
  f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12,
  print_screen, scroll_lock, pause, insert, home, page_up, delete_forward, end, page_down,
  right, left, down, up, num_lock,
  keypad_divide, keypad_multiply, keypad_subtract, keypad_add, keypad_enter,
  keypad1, keypad2, keypad3, keypad4, keypad5, keypad6, keypad7, keypad8, keypad9, keypad0, keypad_decimal,
  less, application,
  left_control = 0xe0, left_shift, left_alt, left_meta, right_control, right_shift, right_alt, right_meta,
  // clang-format on
};

struct Modifiers {
  bool shift = false;
  bool control = false;
  bool alt = false;
  bool caps_lock = false;  ///< letters are capitals without shift

  friend bool operator==(const Modifiers&, const Modifiers&) = default;
};

struct Event {
  Key key = Key::none;
  bool pressed = false;  ///< else released; a key that is held is pressed again and again
  Modifiers modifiers;   ///< with this event
  /// What the key types, by the US layout: ASCII, with control its control character; 0 where it types nothing, and
  /// when it is released.
  char character = 0;

  friend bool operator==(const Event&, const Event&) = default;
};

/// Whether the machine has a keyboard that the kernel knows: PS/2, on PCs. Any context. The keyboard is in images that
/// call something of this header.
[[nodiscard]] bool is_present();

/// The next event; waits for it until `deadline`, nanoseconds since boot.
[[nodiscard]] std::optional<Event> wait_until(std::uint64_t deadline);

/// The next event; waits for it, on a machine without keyboard for ever. Threads of core 0. Up to 64 events are kept
/// until they are asked for; what comes then is lost.
[[nodiscard]] inline Event wait() {
  return *wait_until(detail::kForever);
}

/// The same, but nothing when there is none by then.
template <class Representation, class Period>
[[nodiscard]] std::optional<Event> wait_for(std::chrono::duration<Representation, Period> duration) {
  const auto wait = std::chrono::ceil<std::chrono::nanoseconds>(duration).count();
  return wait_until(detail::now() + (wait > 0 ? static_cast<std::uint64_t>(wait) : 0));
}

/// The next character that is typed; waits for it, and forgets the events that make none.
[[nodiscard]] inline char read_character() {
  for (;;)
    if (const Event event = wait(); event.character != 0) return event.character;
}

}  // namespace toro::keyboard
