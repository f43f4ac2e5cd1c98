// The ordered end of the machine.
#include "kernel/shutdown.hpp"

#include "kernel/boot/board.hpp"
#include "kernel/devices/console.hpp"

namespace toro {

constinit void (*before_shutdown)(std::uint8_t status) = nullptr;

void shut_down(std::uint8_t status) {
  console::flush();
  if (before_shutdown != nullptr) before_shutdown(status);
  board::power_off(status);
}

void restart() {
  // A fault without a gate, and without one for that: the processor resets. [SDM 3A 6.15, double fault]
  const struct [[gnu::packed]] {
    std::uint16_t limit;
    std::uint64_t base;
  } none{0, 0};
  asm volatile("lidt %0\n\tint3" ::"m"(none));
  __builtin_unreachable();
}

}  // namespace toro
