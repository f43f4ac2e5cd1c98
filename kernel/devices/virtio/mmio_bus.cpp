// The virtio-mmio devices of a machine.
#include "kernel/devices/virtio/mmio_bus.hpp"

#include <new>

#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/mmio_transport.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::virtio {
namespace {

using arch::paging::kPageSize;

constexpr std::size_t kMaxDevices = 32;

bool attach(std::uintptr_t gsi, arch::InterruptHandler handler, void* argument) {
  arch::connect_interrupt(static_cast<std::uint32_t>(gsi), handler, argument);
  return true;
}

bool redirect(std::uintptr_t gsi, arch::Delivery delivery, std::uint32_t apic_id) {
  return arch::redirect_interrupt(static_cast<std::uint32_t>(gsi), delivery, apic_id);
}

/// Starts the device's driver, where there are a device and a driver for it.
std::expected<void, Error> start(const MmioDevice& device, MakeMmioTransport make) {
  const std::uintptr_t begin = device.base & ~(kPageSize - 1);
  const std::uintptr_t end = (device.base + device.size + kPageSize - 1) & ~(kPageSize - 1);
  if (!arch::paging::set_access(begin, end, arch::paging::Access::device)) return std::unexpected(Error::no_memory);
  const auto transport = make(device.base);
  if (!transport) return std::unexpected(transport.error());
  const Driver* driver = find_driver(**transport);
  if (driver == nullptr) return std::unexpected(Error::no_device);
  return driver->start(**transport, {attach, device.irq, redirect});
}

}  // namespace

std::expected<Transport*, Error> make_mmio_transport(std::uintptr_t registers) {
  const auto probed = MmioTransport::create(VolatileWindow(registers));
  if (!probed) return std::unexpected(probed.error());
  void* memory = memory::heap().allocate(sizeof(MmioTransport));
  if (memory == nullptr) return std::unexpected(Error::no_memory);
  return new (memory) MmioTransport(*probed);
}

void start_mmio_devices(std::span<const MmioDevice> devices, MakeMmioTransport make) {
  for (const MmioDevice& device : devices)
    if (const auto started = start(device, make); !started && started.error() != Error::no_device)
      print(console::sink(), "toro: virtio-mmio {:#x}: {}\n", device.base, describe(started.error()));
}

void start_mmio_devices(std::string_view command_line, MakeMmioTransport make) {
  MmioDevice devices[kMaxDevices];
  const MmioDiscovery discovery = find_mmio_devices(command_line, devices);
  start_mmio_devices(std::span(devices).first(discovery.found), make);
  if (discovery.malformed + discovery.omitted != 0)
    print(console::sink(), "toro: virtio-mmio: {} devices on the command line were not understood, {} are too many\n",
          discovery.malformed, discovery.omitted);
}

}  // namespace toro::virtio
