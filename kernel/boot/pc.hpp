// What the boards that are PCs have in common: PCI, the power button, reference clocks, and the machine's end.
#pragma once

#include <cstdint>

namespace toro::boot::pc {

/// Starts what PCI, ACPI and the chipset have. A board's start_devices() calls it, after its console if that is none of
/// PCI's.
void start_devices();

/// By QEMU's debug ports where they are, else by ACPI. Any context.
[[noreturn]] void power_off(std::uint8_t status);

}  // namespace toro::boot::pc
