// Where the registers of a virtio device on PCI are: what its capabilities say, checked. [virtio 1.2 §4.1.4]
#pragma once

#include <array>
#include <cstdint>
#include <expected>

#include "kernel/devices/pci/error.hpp"
#include "kernel/devices/pci/function.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// The parts of the registers; `device` is the type's own configuration, which a type may not have.
enum class PciArea : std::uint8_t { common, notify, isr, device };
inline constexpr unsigned kPciAreas = 4;

/// Memory, whole in one BAR. A length of 0: there is none.
struct PciRegion {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};

struct PciLayout {
  std::array<PciRegion, kPciAreas> regions{};
  std::uint32_t notify_multiplier = 0;

  [[nodiscard]] const PciRegion& operator[](PciArea area) const { return regions[static_cast<unsigned>(area)]; }
};

/// A larger region is refused: it bounds what is mapped.
inline constexpr std::uint32_t kLargestPciRegion = 16U << 20;

/// The type of a virtio function by its identification, DeviceType::none for any other function. [virtio 1.2 §4.1.2]
[[nodiscard]] DeviceType pci_device_type(const pci::Function& function);

/// Of each kind of capability the first that lies in memory. pci::Error::no_capability (a device with the legacy
/// interface alone has none), bad_capability, no_address.
[[nodiscard]] std::expected<PciLayout, pci::Error> read_pci_layout(const pci::Function& function,
                                                                   const pci::Bars& bars);

/// A transitional device's identification, and no capability of virtio's. [virtio 1.2 §4.1.2.3]
[[nodiscard]] bool has_legacy_interface_alone(const pci::Function& function);

struct PciPorts {
  std::uint16_t base = 0;
  std::uint16_t length = 0;  ///< at most
};

/// Where the registers of the legacy interface are: at least 24 ports. pci::Error::bad_capability, no_address.
[[nodiscard]] std::expected<PciPorts, pci::Error> legacy_ports(const pci::Bars& bars);

}  // namespace toro::virtio
