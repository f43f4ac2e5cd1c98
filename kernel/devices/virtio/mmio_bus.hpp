// The virtio-mmio devices of a machine, each given to the driver that wants it.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "kernel/devices/virtio/mmio_discovery.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// Makes the transport of the device whose registers are mapped at an address, in memory that lives for ever. The
/// errors of BasicMmioTransport::create(), and Error::no_memory.
using MakeMmioTransport = std::expected<Transport*, Error> (*)(std::uintptr_t registers);

/// Of version 2 of the interface alone; and of version 1 (legacy) too, for boards whose images shall carry it.
[[nodiscard]] std::expected<Transport*, Error> make_mmio_transport(std::uintptr_t registers);
[[nodiscard]] std::expected<Transport*, Error> make_any_mmio_transport(std::uintptr_t registers);

/// Starts the devices; says on the console which could not be. At boot.
void start_mmio_devices(std::span<const MmioDevice> devices, MakeMmioTransport make = make_mmio_transport);

/// Starts every device that the command line names.
void start_mmio_devices(std::string_view command_line, MakeMmioTransport make = make_mmio_transport);

}  // namespace toro::virtio
