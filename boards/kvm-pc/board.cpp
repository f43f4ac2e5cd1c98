// QEMU's PCs with virtio devices: found on PCI, a debug port and an exit port, power off by ACPI.
#include "kernel/boot/board.hpp"

#include "kernel/boot/pc.hpp"
#include "kernel/devices/pci/driver.hpp"
#include "kernel/devices/virtio/driver.hpp"

TORO_USE_ENTRY(toro_multiboot2_start);
TORO_USE_PCI_DRIVER(virtio_driver);
TORO_USE_PCI_DRIVER(virtio_legacy_driver);
TORO_USE_DRIVER(console_driver);

namespace toro::board {

void start_devices() {
  boot::pc::start_devices();
}

void power_off(std::uint8_t status) {
  boot::pc::power_off(status);
}

}  // namespace toro::board
