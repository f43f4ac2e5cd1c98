// Devices that a DSDT describes by constants: identification and resources, as machine monitors write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware::aml {

/// Of a device's resources the first of each kind. [ACPI 6.5 §6.4]
struct Resources {
  std::uint64_t base = 0;  ///< of its registers, physical
  std::uint64_t length = 0;
  std::uint32_t interrupt = 0;  ///< global
};

/// Walks over a definition block, a table with its header, and finds what describes devices by names and buffers of
/// constants. Looks for the bytes of the definitions instead of running the block's program: a device whose name or
/// resources are computed, or that holds other devices before its own resources, is passed over. Reads each byte a
/// bounded number of times.
class DeviceFinder {
 public:
  explicit DeviceFinder(Bytes block);

  /// The next device whose _HID is the string `id`, and that has registers and an interrupt. [ACPI 6.5 §6.1.5, §6.2.2]
  [[nodiscard]] std::optional<Resources> next(std::string_view id);

 private:
  void begin_device();
  bool take_id(std::string_view id);
  void take_resources();

  Bytes code_;
  std::size_t at_ = 0;
  std::size_t device_end_ = 0;  ///< of the innermost device that has begun last; 0: none
  bool has_id_ = false;
  std::optional<Resources> resources_;
};

}  // namespace toro::firmware::aml
