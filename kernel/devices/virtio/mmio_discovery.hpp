// Finds virtio-mmio devices named on the kernel command line, as QEMU microvm and Firecracker add them:
// virtio_mmio.device=<size>@<base>:<irq>[:<id>]. [Linux Documentation/admin-guide/kernel-parameters,
// virtio_mmio.device]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace toro::virtio {

struct MmioDevice {
  std::uint64_t base = 0;  // physical address of the register block
  std::uint64_t size = 0;  // bytes, at least kSmallestMmioBlock
  std::uint32_t irq = 0;   // global system interrupt
};

inline constexpr std::uint64_t kSmallestMmioBlock = 0x100;

struct MmioDiscovery {
  std::size_t found = 0;      // written to `devices`, in the order of the command line
  std::size_t malformed = 0;  // parameters that could not be understood, or that overlap an earlier device
  std::size_t omitted = 0;    // well formed, but `devices` was full
};

/// Pure; the command line is not trusted. Words are separated by blanks; quotes mean nothing, because the machine
/// appends its devices after whatever the user wrote, a stray quote included.
[[nodiscard]] MmioDiscovery find_mmio_devices(std::string_view command_line, std::span<MmioDevice> devices);

/// Whether a word of the command line is such a parameter, well formed or not: it is not meant for main().
[[nodiscard]] bool is_mmio_device_parameter(std::string_view word);

}  // namespace toro::virtio
