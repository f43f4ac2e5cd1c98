// What the boards that are PCs have in common.
#include "kernel/boot/pc.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/pic.hpp"
#include "kernel/boot/firmware_tables.hpp"
#include "kernel/devices/acpi/power_button.hpp"
#include "kernel/devices/acpi/reference_clock.hpp"
#include "kernel/devices/pci/bus.hpp"

namespace toro::boot::pc {
namespace {

constexpr std::uint16_t kStatusPort = 0xe9;  // isa-debugcon: the last byte is the exit status
constexpr std::uint16_t kExitPort = 0xf4;    // isa-debug-exit: a write ends QEMU

}  // namespace

void start_devices() {
  const FirmwareTables& tables = firmware_tables();
  if (!tables.interrupts.io_apics().empty()) arch::pic::silence();  // the firmware used them
  acpi::start_reference_clock(tables);
  if (tables.fixed) acpi::start_power_button(*tables.fixed);
  pci::start_devices(tables.pci);
}

void power_off(std::uint8_t status) {
  arch::out8(kStatusPort, status);
  arch::out8(kExitPort, 0);
  for (const auto& off : firmware_tables().soft_off)
    if (off) arch::out16(static_cast<std::uint16_t>(off->control.address), off->value);
  for (;;) asm volatile("cli\n\thlt");
}

}  // namespace toro::boot::pc
