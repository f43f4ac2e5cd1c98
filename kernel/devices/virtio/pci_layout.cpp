// What the capabilities of a virtio device on PCI say. [virtio 1.2 §4.1.4]
#include "kernel/devices/virtio/pci_layout.hpp"

#include <algorithm>
#include <optional>

namespace toro::virtio {
namespace {

constexpr std::uint16_t kVendor = 0x1af4;
constexpr std::uint16_t kFirstTransitional = 0x1000, kFirstModern = 0x1040, kLast = 0x107f;

// Offsets within a capability.
constexpr unsigned kLength = 2, kType = 3, kBar = 4, kOffset = 8, kRegionLength = 12, kMultiplier = 16;
constexpr unsigned kCapability = 16, kNotifyCapability = 20;

/// The area that a capability's type names.
std::optional<PciArea> area_of(std::uint8_t type) {
  if (type < 1 || type > kPciAreas) return std::nullopt;
  return static_cast<PciArea>(type - 1);
}

/// What a driver reads and writes of each area, at least.
constexpr std::uint32_t shortest(PciArea area) {
  constexpr std::uint32_t kShortest[kPciAreas]{56, 2, 1, 1};
  return kShortest[static_cast<unsigned>(area)];
}
constexpr std::uint32_t alignment_of(PciArea area) {
  constexpr std::uint32_t kAlignment[kPciAreas]{4, 2, 1, 4};
  return kAlignment[static_cast<unsigned>(area)];
}

std::expected<PciRegion, pci::Error> region_of(PciArea area, const pci::Bar& bar, std::uint32_t offset,
                                               std::uint32_t length) {
  if (bar.address == 0) return std::unexpected{pci::Error::no_address};
  if (offset > bar.limit() || length > bar.limit() - offset) return std::unexpected{pci::Error::bad_capability};
  if (length < shortest(area) || length > kLargestPciRegion || offset % alignment_of(area) != 0)
    return std::unexpected{pci::Error::bad_capability};
  return PciRegion{bar.address + offset, length};
}

}  // namespace

DeviceType pci_device_type(const pci::Function& function) {
  if (function.read16(pci::Register::vendor) != kVendor) return DeviceType::none;
  const std::uint16_t device = function.read16(pci::Register::device);
  if (device < kFirstTransitional || device > kLast) return DeviceType::none;
  if (device >= kFirstModern) return static_cast<DeviceType>(device - kFirstModern);
  return static_cast<DeviceType>(function.read16(pci::Register::subsystem));
}

std::expected<PciLayout, pci::Error> read_pci_layout(const pci::Function& function, const pci::Bars& bars) {
  PciLayout layout;
  std::optional<pci::Error> wrong;
  function.visit_capabilities(pci::CapabilityId::vendor_specific, kCapability, [&](unsigned at) {
    const auto area = area_of(function.read8(at + kType));
    if (wrong || !area || layout[*area].length != 0) return;
    const std::uint8_t bar = function.read8(at + kBar);
    if (bar >= pci::kBars || bars[bar].space != pci::Bar::Space::memory) return;  // as is asked of drivers
    const unsigned needed = *area == PciArea::notify ? kNotifyCapability : kCapability;
    if (function.read8(at + kLength) < needed || at + needed > pci::kConfigurationSize) {
      wrong = pci::Error::bad_capability;
      return;
    }
    const auto region = region_of(*area, bars[bar], function.read32(at + kOffset), function.read32(at + kRegionLength));
    if (!region) {
      wrong = region.error();
      return;
    }
    layout.regions[static_cast<unsigned>(*area)] = *region;
    if (*area == PciArea::notify) layout.notify_multiplier = function.read32(at + kMultiplier);
  });
  if (wrong) return std::unexpected{*wrong};
  for (const PciArea area : {PciArea::common, PciArea::notify, PciArea::isr})
    if (layout[area].length == 0) return std::unexpected{pci::Error::no_capability};
  return layout;
}

bool has_legacy_interface_alone(const pci::Function& function) {
  return pci_device_type(function) != DeviceType::none && function.read16(pci::Register::device) < kFirstModern &&
         !function.find_capability(pci::CapabilityId::vendor_specific, kCapability);
}

std::expected<PciPorts, pci::Error> legacy_ports(const pci::Bars& bars) {
  constexpr std::uint64_t kShortest = 24;
  constexpr std::uint64_t kLongest = 256;  // [PCI 3.0 §6.2.5.1]
  const pci::Bar& bar = bars[0];
  if (bar.space != pci::Bar::Space::io) return std::unexpected{pci::Error::bad_capability};
  if (bar.address == 0) return std::unexpected{pci::Error::no_address};
  if (bar.limit() < kShortest) return std::unexpected{pci::Error::bad_capability};
  return PciPorts{static_cast<std::uint16_t>(bar.address), static_cast<std::uint16_t>(std::min(bar.limit(), kLongest))};
}

}  // namespace toro::virtio
