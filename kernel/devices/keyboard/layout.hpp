// What keys type, by the US layout, and which modifiers are down.
#pragma once

#include <cstdint>

#include "kernel/devices/keyboard/scan_codes.hpp"
#include "kernel/include/toro/keyboard.hpp"

namespace toro::keyboard {

/// The character of `key`; 0 where it types none.
[[nodiscard]] char character_of(Key key, const Modifiers& modifiers);

/// Keys in order of their changes, as events. Pure.
class KeyboardState {
 public:
  constexpr KeyboardState() = default;
  [[nodiscard]] Event apply(const KeyChange& change);

 private:
  [[nodiscard]] bool is_down(Key left, Key right) const;

  std::uint8_t modifiers_down_ = 0;  // by key, from Key::left_control on
  bool caps_down_ = false;
  bool caps_lock_ = false;
};

}  // namespace toro::keyboard
