// Any bytes as the kernel command line: no device may come out that a driver could not safely be pointed at.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kernel/devices/virtio/mmio_discovery.hpp"

using namespace toro::virtio;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<MmioDevice, 4> devices;
  const auto result = find_mmio_devices({reinterpret_cast<const char*>(data), size}, devices);
  if (result.found > devices.size()) std::abort();
  for (std::size_t i = 0; i < result.found; ++i) {
    const MmioDevice& device = devices[i];
    if (device.base == 0 || device.base % 4 != 0 || device.size < kSmallestMmioBlock) std::abort();
    if (device.base + device.size < device.base) std::abort();
    for (std::size_t other = 0; other < i; ++other) {
      if (device.base < devices[other].base + devices[other].size && devices[other].base < device.base + device.size) {
        std::abort();
      }
    }
  }
  return 0;
}
