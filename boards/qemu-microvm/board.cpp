// QEMU's microvm: virtio-mmio devices named on the command line, a debug port and an exit port, no legacy devices.
#include "kernel/boot/board.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/mmio_bus.hpp"

TORO_USE_DRIVER(console_driver);

namespace toro::board {
namespace {

constexpr std::uint16_t kStatusPort = 0xe9;  // isa-debugcon: the last byte is the exit status
constexpr std::uint16_t kExitPort = 0xf4;    // isa-debug-exit: a write ends QEMU

}  // namespace

void start_devices() {
  virtio::start_mmio_devices(boot::command_line_text());
}

void power_off(std::uint8_t status) {
  arch::out8(kStatusPort, status);
  arch::out8(kExitPort, 0);
  for (;;) asm volatile("cli\n\thlt");
}

}  // namespace toro::board
