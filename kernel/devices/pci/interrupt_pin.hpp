// A PCI function's interrupt pin, which it shares with others. [PCI 3.0 §2.2.6]
#pragma once

#include <expected>

#include "kernel/devices/interrupt_pins.hpp"
#include "kernel/devices/pci/error.hpp"
#include "kernel/devices/pci/function.hpp"

namespace toro::pci {

/// Lets the function's pin interrupt this core, where the firmware says that it arrives, and calls `handler` for it and
/// for the functions that share it. For functions whose messages are off. Error::no_interrupt_pin,
/// Error::pin_of_other_core, Error::no_memory. From a thread or at boot, before the function interrupts.
[[nodiscard]] std::expected<void, Error> connect_pin(const Function& function, devices::PinHandler handler,
                                                     void* argument);

}  // namespace toro::pci
