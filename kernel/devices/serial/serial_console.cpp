// The console on COM1, driven by its interrupt.
#include "kernel/devices/serial/serial_console.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/devices/interrupt_pins.hpp"
#include "kernel/devices/serial/buffered_uart.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::serial {
namespace {

struct Com1 {
  static constexpr std::uint16_t kBase = 0x3f8;
  static constexpr std::uint8_t kInterrupt = 4;

  static std::uint16_t port(UartRegister which) {
    return static_cast<std::uint16_t>(kBase + static_cast<std::uint16_t>(which));
  }
  [[nodiscard]] std::uint8_t read(UartRegister which) const { return arch::in8(port(which)); }
  void write(UartRegister which, std::uint8_t value) const { arch::out8(port(which), value); }
};

constinit BufferedUart<Com1> uart{};
constinit process::WaitQueue writers{};

class SerialConsole final : public console::Device {
 public:
  constexpr SerialConsole() = default;

  void write(std::span<const char> text) override {
    const bool may_block = (arch::read_flags() & arch::kInterruptFlag) != 0;
    const arch::InterruptsOff off;
    for (int tries = 0; tries < kMostTries;) {
      const std::size_t taken = uart.write(text);
      text = text.subspan(taken);
      if (text.empty()) return;
      if (may_block) {
        process::scheduler().wait(writers, "console output", process::WaitKind::device);
      } else {
        tries = taken == 0 ? tries + 1 : 0;  // a line that takes nothing must not stop the machine
      }
    }
  }

  void flush() override {
    const arch::InterruptsOff off;
    for (int tries = 0; tries < kMostTries && !uart.is_idle(); ++tries) uart.exchange();
  }

  std::size_t read(std::span<char> text) override {
    const arch::InterruptsOff off;
    return uart.read(text);
  }

 private:
  static constexpr int kMostTries = 1'000'000;
};

constinit SerialConsole adapter{};

bool on_pin(void*, arch::TrapFrame&) {
  if (!uart.on_interrupt()) return false;
  console::input_arrived();
  process::scheduler().wake(writers, 1);
  return true;
}

}  // namespace

void start_console() {
  if (!devices::connect_pin(devices::PinBus::isa, Com1::kInterrupt, on_pin, nullptr)) return;
  const arch::InterruptsOff off;
  if (uart.start()) console::use(adapter);
}

}  // namespace toro::serial
