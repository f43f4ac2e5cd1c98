// What text does to a screen.
#include "kernel/devices/vga/text_screen.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace toro::vga;

namespace {

class FakeDisplay final : public Display {
 public:
  void write(unsigned offset, std::span<const Cell> cells) override {
    REQUIRE(offset + cells.size() <= kCells);
    std::copy(cells.begin(), cells.end(), memory_.begin() + offset);
  }
  void show_from(unsigned offset) override {
    REQUIRE(offset + kRows * kColumns <= kCells);
    begin_ = offset;
  }
  void move_cursor(unsigned offset) override { cursor_ = offset; }

  [[nodiscard]] std::string row(unsigned number) const {
    std::string text;
    for (unsigned i = 0; i < kColumns; ++i) {
      const Cell cell = memory_[begin_ + number * kColumns + i];
      REQUIRE((cell >> 8) == kColours);
      text += static_cast<char>(cell);
    }
    return text.substr(0, text.find_last_not_of(' ') + 1);
  }
  [[nodiscard]] unsigned cursor() const { return cursor_ - begin_; }
  [[nodiscard]] unsigned begin() const { return begin_; }

 private:
  std::vector<Cell> memory_ = std::vector<Cell>(kCells, 0xffff);
  unsigned begin_ = 0;
  unsigned cursor_ = 0;
};

struct Shown {
  FakeDisplay display;
  TextScreen screen;
  Shown() { screen.clear(display); }
  void write(std::string_view text) { screen.write(display, text); }
};

}  // namespace

TEST_CASE("screen: lines, and where the cursor is") {
  Shown shown;
  shown.write("one\ntwo");
  CHECK(shown.display.row(0) == "one");
  CHECK(shown.display.row(1) == "two");
  CHECK(shown.display.cursor() == kColumns + 3);
  shown.write("\rT\b\bt\tx");
  CHECK(shown.display.row(1) == "two     x");
  CHECK(shown.display.cursor() == kColumns + 9);
}

TEST_CASE("screen: a full line goes on in the next one, and not before a character comes") {
  Shown shown;
  shown.write(std::string(kColumns, 'a'));
  CHECK(shown.display.cursor() == kColumns - 1);
  shown.write("\nb");
  CHECK(shown.display.row(1) == "b");
  shown.write("\n" + std::string(kColumns, 'c') + "d");
  CHECK(shown.display.row(3) == "d");
}

TEST_CASE("screen: it scrolls, also past the end of display memory") {
  Shown shown;
  constexpr unsigned kLines = 1000;
  for (unsigned line = 0; line < kLines; ++line) {
    shown.write("line " + std::to_string(line) + "\n");
    if (line + 1 < kRows) continue;
    REQUIRE(shown.display.row(kRows - 2) == "line " + std::to_string(line));
    REQUIRE(shown.display.row(0) == "line " + std::to_string(line + 2 - kRows));
    REQUIRE(shown.display.row(kRows - 1).empty());
  }
  CHECK(shown.display.cursor() == (kRows - 1) * kColumns);
}

TEST_CASE("screen: what it cannot show") {
  Shown shown;
  shown.write(
      "a\x1b[1;31mb\x1b[0m\x1b"
      "7c\a\x7f"
      "d\xc3\xa4"
      "e");
  CHECK(shown.display.row(0) == "abcd?e");
}
