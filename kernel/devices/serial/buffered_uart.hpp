// A 16550 that interrupts: what is to be sent and what has come lie in memory meanwhile. [PC16550D 8.0]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/devices/serial/uart_registers.hpp"
#include "kernel/lib/ring.hpp"

namespace toro::serial {

/// One caller at a time, with the UART's interrupt off or from it. Nothing waits.
template <UartWindow Window>
class BufferedUart {
 public:
  constexpr BufferedUart() = default;
  explicit constexpr BufferedUart(Window window) : window_(window) {}

  /// Sets 115,200 baud, 8N1, and lets it interrupt; false where there is none. What its interrupt calls must be
  /// connected.
  [[nodiscard]] bool start() {
    constexpr std::uint8_t kPattern = 0x5a;
    window_.write(UartRegister::scratch, kPattern);
    if (window_.read(UartRegister::scratch) != kPattern) return false;
    window_.write(UartRegister::interrupt_enable, 0);
    window_.write(UartRegister::line_control, k8N1 | kDivisorLatch);
    window_.write(UartRegister::data, 1);  // the divisor, and its high half
    window_.write(UartRegister::interrupt_enable, 0);
    window_.write(UartRegister::line_control, k8N1);
    // To turn the FIFOs on empties them: where something has come already, they stay off.
    if ((window_.read(UartRegister::line_status) & kDataReady) == 0) window_.write(UartRegister::fifo_control, kFifos);
    const bool has_fifos = (window_.read(UartRegister::interrupt_identification) & kFifosOn) == kFifosOn;
    burst_ = has_fifos ? kFifoSize : 1;
    window_.write(UartRegister::modem_control, kReady);
    started_ = true;
    exchange();
    return true;
  }

  /// Bytes taken, fewer than offered when memory for them is full.
  std::size_t write(std::span<const char> text) {
    std::size_t count = 0;
    while (count < text.size() && out_.push(text[count])) ++count;
    exchange();
    return count;
  }

  /// Takes what has arrived.
  std::size_t read(std::span<char> text) {
    std::size_t count = 0;
    while (count < text.size()) {
      const auto next = in_.pop();
      if (!next) break;
      text[count++] = *next;
    }
    if (count != 0) exchange();  // there is room again
    return count;
  }

  /// Moves bytes both ways, as far as they go at once. For who waits with interrupts off.
  void exchange() {
    if (!started_) return;
    std::uint8_t status = window_.read(UartRegister::line_status);
    while ((status & kDataReady) != 0 && status != kNotThere && !in_.full()) {
      in_.push(static_cast<char>(window_.read(UartRegister::data)));
      status = window_.read(UartRegister::line_status);
    }
    if ((status & kTransmitFifoEmpty) != 0)
      for (unsigned i = 0; i < burst_ && !out_.empty(); ++i)
        window_.write(UartRegister::data, static_cast<std::uint8_t>(*out_.pop()));
    // Without room the UART keeps what comes, and its sender waits.
    enable((in_.full() ? 0 : kReceiveInterrupt) | (out_.empty() ? 0 : kTransmitInterrupt));
  }

  /// From the interrupt: whether the UART had one. Its line is low afterwards, so that the next one is an edge.
  bool on_interrupt() {
    constexpr int kMostCauses = 64;  // a UART that always has one is broken
    int causes = 0;
    while (causes < kMostCauses && (window_.read(UartRegister::interrupt_identification) & kNoInterrupt) == 0) {
      exchange();
      static_cast<void>(window_.read(UartRegister::modem_status));
      ++causes;
    }
    return causes != 0;
  }

  /// Whether all has left that was to be sent.
  [[nodiscard]] bool is_idle() {
    return out_.empty() && (window_.read(UartRegister::line_status) & kTransmitterEmpty) != 0;
  }

 private:
  void enable(int interrupts) {
    if (interrupts == enabled_) return;
    enabled_ = static_cast<std::uint8_t>(interrupts);
    window_.write(UartRegister::interrupt_enable, enabled_);
  }

  [[no_unique_address]] Window window_{};
  bool started_ = false;
  std::uint8_t enabled_ = 0;
  unsigned burst_ = 1;  // bytes that it takes at once
  Ring<char, 4096> out_;
  Ring<char, 1024> in_;
};

}  // namespace toro::serial
