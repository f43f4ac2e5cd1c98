// What a PS/2 keyboard sends, byte by byte, as keys. [IBM PS/2 Technical Reference, Keyboard and Auxiliary Device
// Controller]
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/include/toro/keyboard.hpp"

namespace toro::keyboard {

enum class ScanCodeSet : std::uint8_t {
  one,  ///< as the controller translates it for programs of old
  two,  ///< as the keyboard sends it
};

struct KeyChange {
  Key key = Key::none;
  bool pressed = false;

  friend bool operator==(const KeyChange&, const KeyChange&) = default;
};

/// Pure. Any byte may come at any time: what makes no sense is left out.
class ScanCodeDecoder {
 public:
  explicit constexpr ScanCodeDecoder(ScanCodeSet set) : set_(set) {}

  /// The key that `byte` completes.
  std::optional<KeyChange> take(std::uint8_t byte);

 private:
  std::optional<KeyChange> complete(std::uint8_t code, bool pressed);

  ScanCodeSet set_;
  bool extended_ = false;        // 0xe0 came before
  bool released_ = false;        // 0xf0 came before, in set 2
  std::uint8_t pause_left_ = 0;  // bytes of the pause key's sequence that are still to come
};

}  // namespace toro::keyboard
