// The 16550 UART. [PC16550D 8.6]
#include "kernel/devices/serial/uart_16550.hpp"

#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::serial {
namespace {

constexpr std::uint16_t kData = 0x3f8;
constexpr std::uint16_t kLineStatus = 0x3fd;
constexpr std::uint8_t kDataReady = 1 << 0;
constexpr std::uint8_t kTransmitterEmpty = 1 << 5;
constexpr std::uint8_t kNotThere = 0xff;  // what an absent port reads
constexpr int kMostTries = 100'000;

}  // namespace

void Uart16550::write(std::span<const char> text) {
  for (const char c : text) {
    int tries = is_stuck_.load(std::memory_order_relaxed) ? 1 : kMostTries;
    while (tries > 0 && (arch::in8(kLineStatus) & kTransmitterEmpty) == 0) --tries;
    is_stuck_.store(tries == 0, std::memory_order_relaxed);
    arch::out8(kData, static_cast<std::uint8_t>(c));
  }
}

std::size_t Uart16550::read(std::span<char> text) {
  std::size_t count = 0;
  while (count < text.size()) {
    const std::uint8_t status = arch::in8(kLineStatus);
    if (status == kNotThere || (status & kDataReady) == 0) break;
    text[count++] = static_cast<char>(arch::in8(kData));
  }
  return count;
}

}  // namespace toro::serial
