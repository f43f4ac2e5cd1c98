// What an application asks for that uses disks. With this file the board's block drivers are linked.
#include "kernel/devices/block/registry.hpp"

extern "C" const char toro_board_block_drivers;  // boards/NAME/block.cpp: TORO_BLOCK_DRIVERS_OF_BOARD

namespace toro {

[[gnu::used]] static const char* const block_drivers = &toro_board_block_drivers;

std::span<BlockDevice* const> block_devices() {
  return block::all_devices();
}

}  // namespace toro
