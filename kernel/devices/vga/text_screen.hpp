// A screen of 80 by 25 characters, as VGA has it: what a line of text does to it. [IBM VGA Technical Reference]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::vga {

inline constexpr unsigned kColumns = 80, kRows = 25;
/// Cells in the 32 KiB of display memory, of which the screen is a window.
inline constexpr unsigned kCells = 0x8000 / 2;

/// A character and how it looks: its code page 437 in the low byte, colours in the high one.
using Cell = std::uint16_t;
/// Light grey on black.
inline constexpr std::uint8_t kColours = 0x07;

/// Display memory and the registers that say what of it is seen. Offsets count cells from the memory's begin.
class Display {
 public:
  virtual void write(unsigned offset, std::span<const Cell> cells) = 0;
  /// The screen begins there.
  virtual void show_from(unsigned offset) = 0;
  virtual void move_cursor(unsigned offset) = 0;

 protected:
  ~Display() = default;
};

/// Pure: knows the display only. Zeroed memory needs clear(). Display memory is never read, and scrolling moves the
/// window instead of the text: each access to the device is an exit to the machine monitor.
class TextScreen {
 public:
  constexpr TextScreen() = default;

  void clear(Display& display);
  /// Understands newline, carriage return, backspace and tabulator; leaves out other control characters and ANSI's
  /// sequences; shows a question mark for a character beyond ASCII.
  void write(Display& display, std::span<const char> text);

 private:
  enum class Escape : std::uint8_t { none, begun, sequence };

  void put(Display& display, char character);
  void show(Display& display, char character);
  void next_row(Display& display);
  [[nodiscard]] unsigned offset_of(unsigned row, unsigned column) const { return begin_ + row * kColumns + column; }

  std::array<std::array<Cell, kColumns>, kRows> rows_{};
  unsigned begin_ = 0;  // of the window
  unsigned row_ = 0;
  unsigned column_ = 0;  // kColumns: the next character goes to the next row
  Escape escape_ = Escape::none;
};

}  // namespace toro::vga
