// The board's network drivers.
#include "kernel/devices/network/device.hpp"
#include "kernel/devices/pci/driver.hpp"

TORO_USE_PCI_DRIVER(e1000_driver);
TORO_USE_PCI_DRIVER(ne2000_driver);
TORO_NETWORK_DRIVERS_OF_BOARD();
