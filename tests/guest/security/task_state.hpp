// Where the processor keeps its stacks for traps.
#pragma once

#include <cstdint>

/// Of the calling core's task state, found as the processor finds it. [SDM 3A 8.2.3]
inline std::uintptr_t task_state_address() {
  struct [[gnu::packed]] {
    std::uint16_t limit;
    std::uintptr_t base;
  } gdt{};
  std::uint16_t task = 0;
  asm volatile("sgdt %0" : "=m"(gdt));
  asm volatile("str %0" : "=r"(task));
  const auto* segment = reinterpret_cast<const std::uint64_t*>(gdt.base + task);
  return (segment[0] >> 16 & 0xffffff) | (segment[0] >> 56 & 0xff) << 24 | segment[1] << 32;
}

/// Offset of the first of the seven. [SDM 3A 8.7]
inline constexpr std::uintptr_t kIst1 = 36;
