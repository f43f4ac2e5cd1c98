// The virtio-mmio devices of a machine.
#include "kernel/devices/virtio/mmio_bus.hpp"

#include <new>

#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/mmio_discovery.hpp"
#include "kernel/devices/virtio/mmio_transport.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::virtio {
namespace {

using arch::paging::kPageSize;

constexpr std::size_t kMaxDevices = 32;

void attach(std::uintptr_t gsi, arch::InterruptHandler handler, void* argument) {
  arch::connect_interrupt(static_cast<std::uint32_t>(gsi), handler, argument);
}

/// Starts the device's driver; says what went wrong, or nothing where there is no device or nobody to drive it.
std::string_view start(const MmioDevice& device) {
  constexpr std::string_view kNoMemory = "no memory for it";
  const std::uintptr_t begin = device.base & ~(kPageSize - 1);
  const std::uintptr_t end = (device.base + device.size + kPageSize - 1) & ~(kPageSize - 1);
  if (!arch::paging::set_access(begin, end, arch::paging::Access::device)) return kNoMemory;
  const auto probed = MmioTransport::create(VolatileWindow(device.base));
  if (!probed) return probed.error() == Error::no_device ? "" : describe(probed.error());
  MmioTransport candidate = *probed;
  const Driver* driver = find_driver(candidate);
  if (driver == nullptr) return "";
  void* memory = memory::heap().allocate(sizeof(MmioTransport));
  if (memory == nullptr) return kNoMemory;
  auto* transport = new (memory) MmioTransport(candidate);
  const auto started = driver->start(*transport, {attach, device.irq});
  return started ? "" : describe(started.error());
}

}  // namespace

void start_mmio_devices(std::string_view command_line) {
  MmioDevice devices[kMaxDevices];
  const MmioDiscovery discovery = find_mmio_devices(command_line, devices);
  for (std::size_t i = 0; i < discovery.found; ++i)
    if (const std::string_view wrong = start(devices[i]); !wrong.empty())
      print(console::sink(), "toro: virtio-mmio {:#x}: {}\n", devices[i].base, wrong);
  if (discovery.malformed + discovery.omitted != 0)
    print(console::sink(), "toro: virtio-mmio: {} devices on the command line were not understood, {} are too many\n",
          discovery.malformed, discovery.omitted);
}

}  // namespace toro::virtio
