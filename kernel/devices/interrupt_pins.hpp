// Interrupts that devices signal by a line: through the I/O APICs that the firmware's tables name, or the 8259s where
// there is none.
#pragma once

#include <cstdint>
#include <expected>

namespace toro::arch {
struct TrapFrame;
}

namespace toro::devices {

/// Called with interrupts off on the interrupt stack; must not block, switch threads or allocate. `frame` is the
/// interrupted code. Quietens its device, and says whether that had asked: several devices may share a line.
using PinHandler = bool (*)(void* argument, arch::TrapFrame& frame);

/// Whose interrupts the number counts.
enum class PinBus : std::uint8_t {
  isa,  ///< an IRQ, below 16: edge-triggered, but where the firmware says otherwise; it is not shared
  pci,  ///< what a PCI function's interrupt line register or the FADT's SCI_INT says: level-triggered, and shared
};

enum class PinError : std::uint8_t {
  no_pin,      ///< no interrupt controller has it
  taken,       ///< an edge-triggered one has its handler
  other_core,  ///< its interrupts go to another core, or only the boot core gets any (8259)
  no_memory,
};

/// Lets the interrupt raise this core, and calls `handler` for it, for ever. One that no handler claims many times in a
/// row is turned off, which is said on the UART. The device may interrupt already. From a thread or at boot, on
/// machines whose board asks ACPI.
[[nodiscard]] std::expected<void, PinError> connect_pin(PinBus bus, std::uint8_t number, PinHandler handler,
                                                        void* argument);

}  // namespace toro::devices
