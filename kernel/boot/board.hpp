// What the file of a board provides to the kernel.
#pragma once

#include <cstdint>

namespace toro::board {

/// Finds the board's devices and starts their drivers. Called once, in the boot stage "devices".
void start_devices();

/// Ends the machine with an exit status that `toro run` passes on. Any context.
[[noreturn]] void power_off(std::uint8_t status);

}  // namespace toro::board

/// TORO_USE_ENTRY(toro_multiboot2_start): loaders may enter the images of the board there too, beside PVH.
#define TORO_USE_ENTRY(symbol)  \
  extern "C" void symbol(void); \
  [[gnu::used]] static void (*const symbol##_used)() = symbol
