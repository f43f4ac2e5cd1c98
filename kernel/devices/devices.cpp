// The boot stage in which the board starts its devices.
#include "kernel/boot/board.hpp"
#include "kernel/boot/stages.hpp"

namespace toro::boot {

TORO_BOOT_STAGE(devices_stage, "devices", board::start_devices, &interrupts_stage, &heap_stage, &threads_stage);

}  // namespace toro::boot
