// Data of which every core has its own copy.
#include "kernel/arch/x86_64/per_core.hpp"

#include "kernel/arch/x86_64/cpu.hpp"

[[gnu::section(".bss.toro_per_core")]] constinit std::uintptr_t toro_core_distance = 0;

namespace toro::arch {
namespace {

TORO_PER_CORE(std::uint32_t, number_here);

}  // namespace

constinit Core toro_core_entries[kMaxCores]{};
constinit std::uint32_t toro_core_count = 1;

// The debugger's stub asks before it has taken its breakpoints out of memory.
[[gnu::section(".text.trap")]] std::uint32_t this_core() {
  return *number_here;
}

void enter_core(unsigned number) {
  const std::uintptr_t distance = toro_core_entries[number].distance;
  write_msr(Msr::gs_base, distance);
  *reinterpret_cast<std::uintptr_t*>(reinterpret_cast<std::uintptr_t>(&toro_core_distance) + distance) = distance;
  *number_here = number;
}

}  // namespace toro::arch
