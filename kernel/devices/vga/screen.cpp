// VGA's registers and memory in text mode. [IBM VGA Technical Reference]
#include "kernel/devices/vga/screen.hpp"

#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/devices/registers.hpp"
#include "kernel/devices/vga/text_screen.hpp"

namespace toro::vga {
namespace {

constexpr std::uintptr_t kMemory = 0xb8000;

/// Of the CRT controller; both halves of each, the high one first.
enum class Crtc : std::uint8_t { start = 0x0c, cursor = 0x0e };

class Vga final : public Display {
 public:
  constexpr Vga() = default;

  /// Whether it is there and shows text at kMemory in colour.
  [[nodiscard]] static bool is_in_text_mode() {
    constexpr std::uint16_t kGraphicsIndex = 0x3ce, kMiscellaneousOutput = 0x3cc;
    constexpr std::uint8_t kMiscellaneous = 6, kMask = 0x0d, kTextAtB8000 = 0x0c;
    arch::out8(kGraphicsIndex, kMiscellaneous);
    return (arch::in8(kGraphicsIndex + 1) & kMask) == kTextAtB8000 && (arch::in8(kMiscellaneousOutput) & 1) != 0;
  }

  void write(unsigned offset, std::span<const Cell> cells) override {
    constexpr std::size_t kCellsOfWord = sizeof(std::uint64_t) / sizeof(Cell);
    std::uintptr_t at = kMemory + offset * sizeof(Cell);
    for (; cells.size() >= kCellsOfWord; cells = cells.subspan(kCellsOfWord), at += sizeof(std::uint64_t)) {
      std::uint64_t word;
      std::memcpy(&word, cells.data(), sizeof word);
      *reinterpret_cast<volatile std::uint64_t*>(at) = word;
    }
    for (const Cell cell : cells) {
      *reinterpret_cast<volatile Cell*>(at) = cell;
      at += sizeof(Cell);
    }
  }
  void show_from(unsigned offset) override { set(Crtc::start, offset); }
  void move_cursor(unsigned offset) override { set(Crtc::cursor, offset); }

 private:
  static void set(Crtc which, unsigned value) {
    constexpr std::uint16_t kIndex = 0x3d4;  // and the register behind it, as one word
    const auto index = static_cast<unsigned>(which);
    arch::out16(kIndex, static_cast<std::uint16_t>((value & 0xff00) | index));
    arch::out16(kIndex, static_cast<std::uint16_t>((value & 0xff) << 8 | (index + 1)));
  }
};

constinit Vga display{};
constinit TextScreen screen{};

}  // namespace

void start_screen() {
  if (!Vga::is_in_text_mode() || !devices::map_registers(kMemory, kCells * sizeof(Cell))) return;
  screen.clear(display);
  console::mirror_to([](std::span<const char> text) {
    const arch::InterruptsOff off;
    screen.write(display, text);
  });
}

}  // namespace toro::vga
