// The registers of a 16550 UART. [PC16550D 8.0]
#pragma once

#include <concepts>
#include <cstdint>

namespace toro::serial {

enum class UartRegister : std::uint8_t {
  data = 0,
  interrupt_enable = 1,
  interrupt_identification = 2,  // to read
  fifo_control = 2,              // to write
  line_control = 3,
  modem_control = 4,
  line_status = 5,
  modem_status = 6,
  scratch = 7,
};

// Of interrupt_enable.
inline constexpr std::uint8_t kReceiveInterrupt = 1 << 0, kTransmitInterrupt = 1 << 1;
// Of interrupt_identification.
inline constexpr std::uint8_t kNoInterrupt = 1 << 0, kFifosOn = 0xc0;
// Of fifo_control: both on and empty, an interrupt for 8 bytes or a pause.
inline constexpr std::uint8_t kFifos = 0x87;
inline constexpr unsigned kFifoSize = 16;
// Of line_control.
inline constexpr std::uint8_t k8N1 = 0x03, kDivisorLatch = 1 << 7;
// Of modem_control: ready, and the PC's gate for the interrupt open.
inline constexpr std::uint8_t kReady = 0x0b;
// Of line_status.
inline constexpr std::uint8_t kDataReady = 1 << 0, kTransmitFifoEmpty = 1 << 5, kTransmitterEmpty = 1 << 6;
/// What an absent UART reads.
inline constexpr std::uint8_t kNotThere = 0xff;

template <class T>
concept UartWindow = requires(T window, UartRegister which, std::uint8_t value) {
  { window.read(which) } -> std::same_as<std::uint8_t>;
  window.write(which, value);
};

}  // namespace toro::serial
