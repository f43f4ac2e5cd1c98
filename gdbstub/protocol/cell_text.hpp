// The text of one cell of a table, of limited length.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "gdbstub/protocol/text_writer.hpp"

namespace toro::gdbstub {

class CellText final : public TextWriter {
 public:
  void put(char character) override {
    if (size_ < text_.size()) text_[size_++] = character;
  }
  void address(std::uint64_t value) {
    text("0x");
    hex(value);
  }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 128> text_;
  std::size_t size_ = 0;
};

}  // namespace toro::gdbstub
