// The PCI functions of a machine, each given to the driver that wants it.
#pragma once

#include <optional>

#include "kernel/firmware/mcfg.hpp"

namespace toro::pci {

/// Starts every function that a driver of the image wants; says on the console which could not be. `segment`: where
/// configuration space is in memory; else it is reached by ports. Once, at boot.
void start_devices(const std::optional<firmware::mcfg::Segment>& segment);

}  // namespace toro::pci
