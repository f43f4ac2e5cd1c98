// The power button. [ACPI 6.5 §4.8.3.1]
#include "kernel/devices/acpi/power_button.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/devices/interrupt_pins.hpp"
#include "kernel/process/shutdown_request.hpp"
#include "kernel/shutdown.hpp"

namespace toro::acpi {
namespace {

constexpr std::uint16_t kPowerButton = 1 << 8;  // of status and enable alike
constexpr std::uint16_t kAcpiMode = 1 << 0;     // SCI_EN of the control register

struct Ports {
  std::uint16_t status = 0;
  std::uint16_t enable = 0;
};

constinit Ports blocks[2]{};

bool is_port(const firmware::acpi::GenericAddress& address) {
  return address.space == firmware::acpi::AddressSpace::io && address.address != 0 && address.address <= 0xfffe;
}

Ports ports_of(const firmware::fadt::EventBlock& events) {
  if (!is_port(events.status) || !is_port(events.enable)) return {};
  return {static_cast<std::uint16_t>(events.status.address), static_cast<std::uint16_t>(events.enable.address)};
}

/// The firmware hands the registers over soon after it was asked; a button that stays silent harms nobody.
void enter_acpi_mode(const firmware::fadt::Fadt& fixed) {
  constexpr int kTries = 1000;
  if (fixed.smi_command == 0 || fixed.smi_command > 0xffff || fixed.acpi_enable == 0 || !is_port(fixed.pm1a_control))
    return;
  const auto control = static_cast<std::uint16_t>(fixed.pm1a_control.address);
  if ((arch::in16(control) & kAcpiMode) != 0) return;
  arch::out8(static_cast<std::uint16_t>(fixed.smi_command), fixed.acpi_enable);
  for (int i = 0; i < kTries && (arch::in16(control) & kAcpiMode) == 0; ++i) {
  }
}

bool on_pin(void*, arch::TrapFrame&) {
  bool pressed = false;
  for (const Ports& ports : blocks) {
    if (ports.status == 0 || (arch::in16(ports.status) & kPowerButton) == 0) continue;
    arch::out16(ports.status, kPowerButton);
    pressed = true;
  }
  if (pressed && !process::request_shutdown()) shut_down(kPowerButtonStatus);
  return pressed;
}

}  // namespace

void start_power_button(const firmware::fadt::Fadt& fixed) {
  constexpr std::uint32_t kNoFixedButton = 1U << 4;
  if ((fixed.flags & kNoFixedButton) != 0 || fixed.sci_interrupt > 0xff) return;
  blocks[0] = ports_of(fixed.pm1a_events);
  blocks[1] = ports_of(fixed.pm1b_events);
  if (blocks[0].status == 0) return;
  enter_acpi_mode(fixed);
  for (const Ports& ports : blocks) {
    if (ports.status == 0) continue;
    arch::out16(ports.enable, 0);
    arch::out16(ports.status, kPowerButton);
  }
  if (!devices::connect_pin(devices::PinBus::pci, static_cast<std::uint8_t>(fixed.sci_interrupt), on_pin, nullptr))
    return;
  for (const Ports& ports : blocks)
    if (ports.status != 0) arch::out16(ports.enable, kPowerButton);
}

}  // namespace toro::acpi
