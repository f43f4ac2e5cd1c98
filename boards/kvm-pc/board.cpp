// QEMU's PCs with virtio devices: found on PCI, a debug port and an exit port, power off by ACPI.
#include "kernel/boot/board.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/boot/firmware_tables.hpp"
#include "kernel/devices/pci/bus.hpp"
#include "kernel/devices/pci/driver.hpp"
#include "kernel/devices/virtio/driver.hpp"

TORO_USE_PCI_DRIVER(virtio_driver);
TORO_USE_DRIVER(console_driver);

namespace toro::board {
namespace {

constexpr std::uint16_t kStatusPort = 0xe9;  // isa-debugcon: the last byte is the exit status
constexpr std::uint16_t kExitPort = 0xf4;    // isa-debug-exit: a write ends QEMU

/// The interrupt controllers of old, which the firmware used: nothing of ours listens to them. [8259A]
void silence_pics() {
  constexpr std::uint16_t kMaskPorts[]{0x21, 0xa1};
  for (const std::uint16_t port : kMaskPorts) arch::out8(port, 0xff);
}

}  // namespace

void start_devices() {
  silence_pics();
  pci::start_devices(boot::firmware_tables().pci);
}

void power_off(std::uint8_t status) {
  arch::out8(kStatusPort, status);
  arch::out8(kExitPort, 0);
  for (const auto& off : boot::firmware_tables().soft_off)
    if (off) arch::out16(static_cast<std::uint16_t>(off->control.address), off->value);
  for (;;) asm volatile("cli\n\thlt");
}

}  // namespace toro::board
