// The block devices of the machine, as their drivers add them.
#include "kernel/devices/block/registry.hpp"

#include "kernel/devices/block/device.hpp"
#include "kernel/devices/console.hpp"

namespace toro::block {
namespace {

constexpr std::size_t kMostDevices = 32;

constinit BlockDevice* devices[kMostDevices]{};
constinit std::size_t count = 0;

}  // namespace

std::span<BlockDevice* const> all_devices() {
  return {devices, count};
}

void add(Device& device, std::string_view driver_name) {
  if (count == kMostDevices)
    return print(console::sink(), "toro: a disk is left out: there are more than {}\n", kMostDevices);
  unsigned number = 0;
  for (const BlockDevice* other : all_devices())
    if (other->name().starts_with(driver_name)) ++number;
  device.name_.print("{} {}", driver_name, number);
  devices[count++] = &device;
}

}  // namespace toro::block
