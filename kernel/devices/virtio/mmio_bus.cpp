// The virtio-mmio devices of a machine.
#include "kernel/devices/virtio/mmio_bus.hpp"

#include <new>

#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/mmio_discovery.hpp"
#include "kernel/devices/virtio/mmio_transport.hpp"
#include "kernel/memory/memory.hpp"

extern "C" const toro::virtio::Driver* const toro_virtio_drivers_start[];
extern "C" const toro::virtio::Driver* const toro_virtio_drivers_end[];

namespace toro::virtio {
namespace {

using arch::paging::kPageSize;

constexpr std::size_t kMaxDevices = 32;

const Driver* find_driver(Transport& transport) {
  for (const auto* driver = toro_virtio_drivers_start; driver != toro_virtio_drivers_end; ++driver)
    if ((*driver)->type == transport.type() && ((*driver)->wants == nullptr || (*driver)->wants(transport)))
      return *driver;
  return nullptr;
}

void start(const MmioDevice& device) {
  const std::uintptr_t begin = device.base & ~(kPageSize - 1);
  const std::uintptr_t end = (device.base + device.size + kPageSize - 1) & ~(kPageSize - 1);
  if (!arch::paging::set_access(begin, end, arch::paging::Access::device)) {
    print(console::sink(), "toro: virtio-mmio {:#x}: no memory to map it\n", device.base);
    return;
  }
  const auto probed = MmioTransport::create(VolatileWindow(device.base));
  if (!probed) {
    if (probed.error() != Error::no_device)
      print(console::sink(), "toro: virtio-mmio {:#x}: {}\n", device.base, describe(probed.error()));
    return;
  }
  MmioTransport candidate = *probed;
  const Driver* driver = find_driver(candidate);
  if (driver == nullptr) return;
  void* memory = memory::heap().allocate(sizeof(MmioTransport));
  if (memory == nullptr) {
    print(console::sink(), "toro: {} at {:#x}: no memory\n", driver->name, device.base);
    return;
  }
  auto* transport = new (memory) MmioTransport(candidate);
  if (const auto started = driver->start(*transport, device.irq); !started)
    print(console::sink(), "toro: {} at {:#x}: {}\n", driver->name, device.base, describe(started.error()));
}

}  // namespace

void start_mmio_devices(std::string_view command_line) {
  MmioDevice devices[kMaxDevices];
  const MmioDiscovery discovery = find_mmio_devices(command_line, devices);
  for (std::size_t i = 0; i < discovery.found; ++i) start(devices[i]);
  if (discovery.malformed + discovery.omitted != 0)
    print(console::sink(), "toro: virtio-mmio: {} devices on the command line were not understood, {} are too many\n",
          discovery.malformed, discovery.omitted);
}

}  // namespace toro::virtio
