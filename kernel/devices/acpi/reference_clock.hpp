// The clocks that ACPI names, of which the rate is known: the high precision event timer, and the power management
// timer.
#pragma once

#include "kernel/boot/firmware_tables.hpp"

namespace toro::acpi {

/// Lets the best of them be what the TSC is compared with. At boot.
void start_reference_clock(const boot::FirmwareTables& tables);

}  // namespace toro::acpi
