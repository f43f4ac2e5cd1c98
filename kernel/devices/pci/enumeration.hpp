// Finds the functions of a machine: bus 0, and the buses behind bridges. [PCI 3.0 §6.1] [PCI-to-PCI Bridge 1.2 §3.2]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/devices/pci/configuration.hpp"
#include "kernel/devices/pci/function.hpp"

namespace toro::pci {

inline constexpr std::uint8_t kDevicesOfBus = 32, kFunctionsOfDevice = 8;
/// Of Register::header_type.
inline constexpr std::uint8_t kHeaderLayout = 0x7f, kHeaderBridge = 1, kHeaderSeveralFunctions = 0x80;

/// Calls `visit(const Function&)` for each function that is no bridge. Buses have the numbers that the firmware gave
/// them. Each bus is looked at once, whatever bridges say, so that it ends: after 65,536 functions at most.
template <class Visitor>
void visit_functions(Configuration& configuration, std::uint8_t last_bus, Visitor&& visit) {
  std::array<std::uint8_t, 256> buses{0};
  std::array<bool, 256> known{true};
  std::size_t count = 1;
  const auto look_at = [&](const Function& function) {
    if ((function.read8(Register::header_type) & kHeaderLayout) != kHeaderBridge) return visit(function);
    const std::uint8_t behind = function.read8(Register::secondary_bus);
    if (behind > last_bus || known[behind]) return;
    known[behind] = true;
    buses[count++] = behind;
  };
  for (std::size_t next = 0; next < count; ++next) {
    for (std::uint8_t device = 0; device < kDevicesOfBus; ++device) {
      std::uint8_t functions = 1;
      for (std::uint8_t number = 0; number < functions; ++number) {
        const Function function(configuration, {buses[next], device, number});
        if (function.read16(Register::vendor) == kNoVendor) continue;
        if (number == 0 && (function.read8(Register::header_type) & kHeaderSeveralFunctions) != 0)
          functions = kFunctionsOfDevice;
        look_at(function);
      }
    }
  }
}

}  // namespace toro::pci
