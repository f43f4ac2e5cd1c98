// Data of which every core has its own copy.
#include "kernel/arch/x86_64/per_core.hpp"

#include "kernel/arch/x86_64/cpu.hpp"

[[gnu::section(".bss.toro_per_core")]] constinit std::uintptr_t toro_core_distance = 0;
[[gnu::section(".bss.toro_per_core")]] constinit std::uint32_t toro_core_number = 0;

namespace toro::arch {

constinit Core toro_core_entries[kMaxCores]{};
constinit std::uint32_t toro_core_count = 1;

void enter_core(unsigned number) {
  const std::uintptr_t distance = toro_core_entries[number].distance;
  write_msr(Msr::gs_base, distance);
  *reinterpret_cast<std::uintptr_t*>(reinterpret_cast<std::uintptr_t>(&toro_core_distance) + distance) = distance;
  *reinterpret_cast<std::uint32_t*>(reinterpret_cast<std::uintptr_t>(&toro_core_number) + distance) = number;
}

}  // namespace toro::arch
