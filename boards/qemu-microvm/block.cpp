// The board's block drivers.
#include "kernel/devices/block/device.hpp"

TORO_BLOCK_DRIVERS_OF_BOARD();
