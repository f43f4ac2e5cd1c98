// The I/O APIC: which pin raises which vector on which core. [82093AA]
#pragma once

#include <cstdint>

namespace toro::arch::ioapic {

/// Page of the registers of the first I/O APIC; to be mapped uncacheable.
inline constexpr std::uintptr_t kBase = 0xfec00000;

/// The largest APIC id that a pin can be routed to.
inline constexpr std::uint32_t kHighestDestination = 0xfe;

/// Pins of this I/O APIC.
[[nodiscard]] unsigned pins();

/// Lets pin `pin` raise `vector` on the core with APIC id `destination` while its line is high.
void route(unsigned pin, std::uint8_t vector, std::uint8_t destination);

}  // namespace toro::arch::ioapic
