// Machines with virtio-mmio devices, legacy ones too, that ACPI describes or the command line names.
#include "kernel/boot/board.hpp"

#include <algorithm>
#include <array>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/described_devices.hpp"
#include "kernel/boot/firmware_tables.hpp"
#include "kernel/devices/registers.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/mmio_bus.hpp"

TORO_USE_DRIVER(console_driver);

namespace toro::board {
namespace {

constexpr std::uint16_t kStatusPort = 0xe9;  // isa-debugcon: the last byte is the exit status
constexpr std::uint16_t kExitPort = 0xf4;    // isa-debug-exit: a write ends QEMU

bool sleep_is_mapped = false;

void start_described_devices() {
  const auto described = boot::described_virtio_devices();
  std::array<virtio::MmioDevice, 32> devices{};
  std::size_t count = 0;
  for (const auto& device : described.first(std::min(described.size(), devices.size())))
    if (device.length >= virtio::kSmallestMmioBlock && devices::map_registers(device.base, device.length))
      devices[count++] = {.base = device.base, .size = device.length, .irq = device.interrupt};
  virtio::start_mmio_devices(std::span(devices).first(count), virtio::make_any_mmio_transport);
}

}  // namespace

void start_devices() {
  if (const auto& sleep = boot::firmware_tables().sleep;
      sleep && sleep->control.space == firmware::acpi::AddressSpace::memory)
    sleep_is_mapped = devices::map_registers(sleep->control.address, 1);
  if (!boot::described_virtio_devices().empty()) return start_described_devices();
  virtio::start_mmio_devices(boot::command_line_text(), virtio::make_any_mmio_transport);
}

void power_off(std::uint8_t status) {
  arch::out8(kStatusPort, status);
  arch::out8(kExitPort, 0);
  if (sleep_is_mapped) {
    const boot::SleepControl& sleep = *boot::firmware_tables().sleep;
    *reinterpret_cast<volatile std::uint8_t*>(sleep.control.address) = static_cast<std::uint8_t>(sleep.value);
  }
  for (;;) asm volatile("cli\n\thlt");
}

}  // namespace toro::board
