// QEMU's PCs with the devices that PCs of old have: serial line and screen are the console. Of virtio there is the
// debugger's port only.
#include "kernel/boot/board.hpp"

#include "kernel/boot/pc.hpp"
#include "kernel/devices/pci/driver.hpp"
#include "kernel/devices/serial/serial_console.hpp"
#include "kernel/devices/vga/screen.hpp"

TORO_USE_PCI_DRIVER(virtio_driver);

namespace toro::board {

void start_devices() {
  vga::start_screen();
  serial::start_console();
  boot::pc::start_devices();
}

void power_off(std::uint8_t status) {
  boot::pc::power_off(status);
}

}  // namespace toro::board
