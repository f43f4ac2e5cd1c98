// The board's block drivers.
#include "kernel/devices/block/device.hpp"
#include "kernel/devices/pci/driver.hpp"

TORO_BLOCK_DRIVERS_OF_BOARD();
TORO_USE_PCI_DRIVER(ide_driver);
