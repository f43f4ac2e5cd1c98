// The power button: whoever presses it asks the application to end. [ACPI 6.5 §4.8.3.1.1]
#pragma once

#include "kernel/firmware/fadt.hpp"

namespace toro::acpi {

/// The status of a program that the power button ended: as a shell gives one that was asked to end.
inline constexpr std::uint8_t kPowerButtonStatus = 143;

/// Takes ACPI's registers over from the firmware and listens to the button, where the machine has a fixed one: it calls
/// what toro::on_shutdown() set. An application that set nothing ends with kPowerButtonStatus. At boot, by the boot
/// core.
void start_power_button(const firmware::fadt::Fadt& fixed);

}  // namespace toro::acpi
