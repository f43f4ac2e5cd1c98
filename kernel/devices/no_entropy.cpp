// For boards that name no drivers of entropy devices.
#include "kernel/devices/entropy.hpp"

TORO_ENTROPY_DRIVERS_OF_BOARD();
