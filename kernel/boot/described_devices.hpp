// The virtio-mmio devices that ACPI's DSDT describes, for boards that find their devices so.
#pragma once

#include <span>

#include "kernel/firmware/aml_devices.hpp"

namespace toro::boot {

/// Valid after the stage "firmware tables", which is in the images that call this; empty where no table tells. Of more
/// than 32 the first.
[[nodiscard]] std::span<const firmware::aml::Resources> described_virtio_devices();

}  // namespace toro::boot
