// A screen of 80 by 25 characters.
#include "kernel/devices/vga/text_screen.hpp"

#include <algorithm>

namespace toro::vga {
namespace {

constexpr Cell cell(char character) {
  return static_cast<Cell>(kColours << 8 | static_cast<std::uint8_t>(character));
}

}  // namespace

void TextScreen::clear(Display& display) {
  for (auto& row : rows_) row.fill(cell(' '));
  begin_ = row_ = column_ = 0;
  for (unsigned row = 0; row < kRows; ++row) display.write(offset_of(row, 0), rows_[row]);
  display.show_from(begin_);
  display.move_cursor(begin_);
}

void TextScreen::write(Display& display, std::span<const char> text) {
  for (const char character : text) put(display, character);
  display.move_cursor(offset_of(row_, std::min(column_, kColumns - 1)));
}

void TextScreen::put(Display& display, char character) {
  constexpr char kEscape = '\x1b';
  constexpr unsigned kTab = 8;
  const auto byte = static_cast<std::uint8_t>(character);
  if (escape_ == Escape::begun) {
    escape_ = character == '[' ? Escape::sequence : Escape::none;
    return;
  }
  if (escape_ == Escape::sequence) {
    if (byte >= 0x40 && byte <= 0x7e) escape_ = Escape::none;  // [ECMA-48 5.4]
    return;
  }
  switch (character) {
    case kEscape:
      escape_ = Escape::begun;
      return;
    case '\n':
      column_ = 0;
      return next_row(display);
    case '\r':
      column_ = 0;
      return;
    case '\b':
      if (column_ != 0) --column_;
      return;
    case '\t':
      column_ = std::min((column_ / kTab + 1) * kTab, kColumns - 1);
      return;
    default:
      break;
  }
  const bool continues = (byte & 0xc0) == 0x80;  // of a character in UTF-8, which its first byte stands for
  if (byte < ' ' || byte == 0x7f || continues) return;
  show(display, byte < 0x80 ? character : '?');
}

void TextScreen::show(Display& display, char character) {
  if (column_ == kColumns) {
    column_ = 0;
    next_row(display);
  }
  Cell& place = rows_[row_][column_];
  place = cell(character);
  display.write(offset_of(row_, column_), {&place, 1});
  ++column_;
}

void TextScreen::next_row(Display& display) {
  if (row_ + 1 < kRows) {
    ++row_;
    return;
  }
  std::ranges::copy(std::span(rows_).subspan(1), rows_.begin());
  rows_.back().fill(cell(' '));
  begin_ += kColumns;
  const bool at_end = begin_ + kRows * kColumns > kCells;
  if (at_end) begin_ = 0;
  for (unsigned row = at_end ? 0 : kRows - 1; row < kRows; ++row) display.write(offset_of(row, 0), rows_[row]);
  display.show_from(begin_);
}

}  // namespace toro::vga
