// The source of random numbers, for applications.
#include "kernel/include/toro/entropy.hpp"

#include "kernel/arch/x86_64/random.hpp"
#include "kernel/devices/entropy.hpp"

namespace toro {

/// The board's drivers come with this file.
[[gnu::used]] static const char* const drivers = &toro_entropy_drivers_of_board;

EntropySource entropy_source() {
  return arch::entropy_source();
}

}  // namespace toro
