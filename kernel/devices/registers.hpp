// Maps the registers of a device.
#pragma once

#include <cstdint>

namespace toro::devices {

/// Maps [address, address + length), which is not memory, for reading and writing without a cache. False where any part
/// of it is mapped as something else, lies beyond what the processor can address, or memory for page tables is out.
/// From a thread or at boot.
[[nodiscard]] bool map_registers(std::uint64_t address, std::uint64_t length);

}  // namespace toro::devices
