// The board's network drivers.
#include "kernel/devices/network/device.hpp"
#include "kernel/devices/virtio/driver.hpp"

TORO_USE_DRIVER(network_driver);
TORO_NETWORK_DRIVERS_OF_BOARD();
