// The board's drivers of entropy devices.
#include "kernel/devices/entropy.hpp"
#include "kernel/devices/virtio/driver.hpp"

TORO_ENTROPY_DRIVERS_OF_BOARD();
TORO_USE_DRIVER(entropy_driver);
