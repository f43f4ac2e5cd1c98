// The registers of virtio over MMIO, and the window they are accessed through. [virtio 1.2 §4.2.2]
#pragma once

#include <concepts>
#include <cstdint>

namespace toro::virtio {

/// Byte offsets. All registers are 32 bits wide and little-endian.
enum class MmioRegister : std::uint32_t {
  magic_value = 0x000,
  version = 0x004,
  device_id = 0x008,
  vendor_id = 0x00c,
  device_features = 0x010,
  device_features_select = 0x014,
  driver_features = 0x020,
  driver_features_select = 0x024,
  legacy_page_size = 0x028,  // of version 1 alone, as all named so [virtio 1.2 §4.2.4]
  queue_select = 0x030,
  queue_size_max = 0x034,
  queue_size = 0x038,
  legacy_queue_alignment = 0x03c,
  legacy_queue_page = 0x040,
  queue_ready = 0x044,
  queue_notify = 0x050,
  interrupt_status = 0x060,
  interrupt_acknowledge = 0x064,
  status = 0x070,
  queue_descriptors_low = 0x080,
  queue_descriptors_high = 0x084,
  queue_available_low = 0x090,
  queue_available_high = 0x094,
  queue_used_low = 0x0a0,
  queue_used_high = 0x0a4,
  configuration_generation = 0x0fc,
};

inline constexpr std::uint32_t kMmioMagic = 0x74726976;  // "virt"
inline constexpr std::uint32_t kMmioVersionLegacy = 1;
inline constexpr std::uint32_t kMmioVersion = 2;
inline constexpr std::uint32_t kMmioConfigurationOffset = 0x100;

/// Bits of interrupt_status and interrupt_acknowledge.
inline constexpr std::uint32_t kMmioInterruptQueue = 1;
inline constexpr std::uint32_t kMmioInterruptConfiguration = 2;

/// What a register window must offer; a test's window is a model of a device.
template <typename Window>
concept MmioWindow = requires(Window window, MmioRegister which, std::uint32_t value) {
  { window.read(which) } -> std::same_as<std::uint32_t>;
  { window.write(which, value) };
  { window.configuration8(value) } -> std::same_as<std::uint8_t>;
  { window.configuration16(value) } -> std::same_as<std::uint16_t>;
  { window.configuration32(value) } -> std::same_as<std::uint32_t>;
};

/// The window onto a real device: mapped, uncacheable memory at a virtual address. The control registers take only
/// aligned 32-bit accesses, the configuration space accesses of the field's own width. [virtio 1.2 §4.2.2.2]
class VolatileWindow {
 public:
  explicit constexpr VolatileWindow(std::uintptr_t base) : base_(base) {}

  [[nodiscard]] std::uint32_t read(MmioRegister which) const {
    return *at<std::uint32_t>(static_cast<std::uint32_t>(which));
  }
  void write(MmioRegister which, std::uint32_t value) const {
    *at<std::uint32_t>(static_cast<std::uint32_t>(which)) = value;
  }
  [[nodiscard]] std::uint8_t configuration8(std::uint32_t offset) const {
    return *at<std::uint8_t>(kMmioConfigurationOffset + offset);
  }
  [[nodiscard]] std::uint16_t configuration16(std::uint32_t offset) const {
    return *at<std::uint16_t>(kMmioConfigurationOffset + offset);
  }
  [[nodiscard]] std::uint32_t configuration32(std::uint32_t offset) const {
    return *at<std::uint32_t>(kMmioConfigurationOffset + offset);
  }

 private:
  template <typename T>
  [[nodiscard]] volatile T* at(std::uint32_t offset) const {
    return reinterpret_cast<volatile T*>(base_ + offset);
  }

  std::uintptr_t base_;
};
static_assert(MmioWindow<VolatileWindow>);

}  // namespace toro::virtio
