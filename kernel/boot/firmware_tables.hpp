// What ACPI says of the machine, for boards that ask it: PCI Express, interrupt pins, timers, and what is about the
// power.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/fadt.hpp"
#include "kernel/firmware/hpet.hpp"
#include "kernel/firmware/interrupt_routing.hpp"
#include "kernel/firmware/mcfg.hpp"

namespace toro::boot {

/// Where a sleep type is written, and what: a word [ACPI 6.5 §4.8.3.2.1], or a byte [ACPI 6.5 §4.8.3.7].
struct SleepControl {
  firmware::acpi::GenericAddress control;
  std::uint16_t value = 0;
};

/// Copied before the kernel's own page tables hide the firmware's. What no table tells is absent.
struct FirmwareTables {
  std::optional<firmware::mcfg::Segment> pci;  ///< configuration space of segment group 0 from bus 0 on
  std::optional<SleepControl> soft_off[2];     ///< PM1a and PM1b
  std::optional<SleepControl> sleep;           ///< of hardware that is reduced, which has no PM1: a byte
  firmware::InterruptRouting interrupts;       ///< without I/O APICs where no table tells
  std::optional<firmware::hpet::Hpet> hpet;    ///< the first one
  std::optional<firmware::fadt::Fadt> fixed;   ///< the fixed hardware, where it is not the reduced kind
};

/// Valid after the stage "firmware tables", which is in the images that call this.
[[nodiscard]] const FirmwareTables& firmware_tables();

}  // namespace toro::boot
