// The registers of virtio over PCI, and the window they are accessed through. [virtio 1.2 §4.1.4.3]
#pragma once

#include <array>
#include <concepts>
#include <cstdint>

#include "kernel/devices/virtio/pci_layout.hpp"

namespace toro::virtio {

/// Byte offsets in PciArea::common. Each register is accessed in its own width. [virtio 1.2 §4.1.3.1]
enum class PciRegister : std::uint32_t {
  device_features_select = 0x00,    // 32 bits
  device_features = 0x04,           // 32
  driver_features_select = 0x08,    // 32
  driver_features = 0x0c,           // 32
  configuration_message = 0x10,     // 16
  status = 0x14,                    // 8
  configuration_generation = 0x15,  // 8
  queue_select = 0x16,              // 16
  queue_size = 0x18,                // 16
  queue_message = 0x1a,             // 16
  queue_enable = 0x1c,              // 16
  queue_notify_offset = 0x1e,       // 16
  queue_descriptors_low = 0x20,     // 32, as all below
  queue_descriptors_high = 0x24,
  queue_available_low = 0x28,
  queue_available_high = 0x2c,
  queue_used_low = 0x30,
  queue_used_high = 0x34,
};

/// What queue_message and configuration_message hold where no message is sent. [virtio 1.2 §4.1.5.1.2]
inline constexpr std::uint16_t kNoMessage = 0xffff;

/// Bits of the ISR status. [virtio 1.2 §4.1.4.5]
inline constexpr std::uint8_t kPciInterruptQueue = 1, kPciInterruptConfiguration = 2;

/// What a window must offer; a test's window is a model of a device.
template <typename Window>
concept PciWindow = requires(Window window, PciArea area, std::uint32_t offset) {
  { window.template read<std::uint8_t>(area, offset) } -> std::same_as<std::uint8_t>;
  { window.template read<std::uint16_t>(area, offset) } -> std::same_as<std::uint16_t>;
  { window.template read<std::uint32_t>(area, offset) } -> std::same_as<std::uint32_t>;
  { window.write(area, offset, std::uint8_t{}) };
  { window.write(area, offset, std::uint16_t{}) };
  { window.write(area, offset, std::uint32_t{}) };
};

/// The window onto a real device, whose regions are mapped uncacheable where they are.
class VolatilePciWindow {
 public:
  explicit VolatilePciWindow(const PciLayout& layout) {
    for (unsigned i = 0; i < kPciAreas; ++i) bases_[i] = layout.regions[i].address;
  }

  template <typename T>
  [[nodiscard]] T read(PciArea area, std::uint32_t offset) const {
    return *at<T>(area, offset);
  }
  template <typename T>
  void write(PciArea area, std::uint32_t offset, T value) const {
    *at<T>(area, offset) = value;
  }

 private:
  template <typename T>
  [[nodiscard]] volatile T* at(PciArea area, std::uint32_t offset) const {
    return reinterpret_cast<volatile T*>(bases_[static_cast<unsigned>(area)] + offset);
  }

  std::array<std::uintptr_t, kPciAreas> bases_{};
};
static_assert(PciWindow<VolatilePciWindow>);

}  // namespace toro::virtio
