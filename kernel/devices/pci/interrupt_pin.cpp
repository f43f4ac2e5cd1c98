// Connects a PCI function's interrupt pin. [PCI 3.0 §6.2.4]
#include "kernel/devices/pci/interrupt_pin.hpp"

namespace toro::pci {
namespace {

Error error_of(devices::PinError error) {
  switch (error) {
    case devices::PinError::no_memory:
      return Error::no_memory;
    case devices::PinError::other_core:
      return Error::pin_of_other_core;
    case devices::PinError::no_pin:
    case devices::PinError::taken:
      break;
  }
  return Error::no_interrupt_pin;
}

}  // namespace

std::expected<void, Error> connect_pin(const Function& function, devices::PinHandler handler, void* argument) {
  constexpr std::uint8_t kUnknownLine = 0xff;
  const std::uint8_t line = function.read8(Register::interrupt_line);
  if (function.read8(Register::interrupt_pin) == 0 || line == 0 || line == kUnknownLine)
    return std::unexpected{Error::no_interrupt_pin};
  if (const auto connected = devices::connect_pin(devices::PinBus::pci, line, handler, argument); !connected)
    return std::unexpected{error_of(connected.error())};
  function.set_command(function.read16(Register::command) & static_cast<std::uint16_t>(~kCommandNoInterruptPin));
  return {};
}

}  // namespace toro::pci
