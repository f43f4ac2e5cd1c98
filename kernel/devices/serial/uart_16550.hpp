// The 16550 UART at COM1, polled: the console before there is a better one, and for a panic.
#pragma once

#include <atomic>

#include "kernel/devices/console.hpp"

namespace toro::serial {

/// Usable in any context from the first instruction on. Where no UART is there, text is lost without waiting; a line
/// that takes nothing is waited for once.
class Uart16550 final : public console::Device {
 public:
  constexpr Uart16550() = default;
  void write(std::span<const char> text) override;
  void flush() override {}
  std::size_t read(std::span<char> text) override;

 private:
  std::atomic<bool> is_stuck_ = false;  ///< of writers on any core
};

}  // namespace toro::serial
