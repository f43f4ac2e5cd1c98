// Why a PCI function cannot be used.
#pragma once

#include <cstdint>
#include <string_view>

namespace toro::pci {

enum class Error : std::uint8_t {
  no_capability,       ///< a capability that the driver needs is missing
  bad_capability,      ///< a capability contradicts itself, or the space that it describes
  no_address,          ///< the firmware gave the registers no address
  not_mappable,        ///< the registers' address is not one of registers, or memory for page tables is out
  no_message_signals,  ///< neither MSI-X nor MSI
  no_interrupt_pin,    ///< it has none, or the firmware did not say where the pin's interrupts arrive
  pin_of_other_core,   ///< a pin that it shares is another core's
  no_memory,
  driver_failed,  ///< the driver said why
};

/// One line for people, without a final stop. Callable from any context.
[[nodiscard]] std::string_view describe(Error error);

}  // namespace toro::pci
