// The virtio-mmio devices of a machine, each given to the driver that wants it.
#pragma once

#include <string_view>

namespace toro::virtio {

/// Starts every device that the command line names; says on the console which could not be. At boot.
void start_mmio_devices(std::string_view command_line);

}  // namespace toro::virtio
