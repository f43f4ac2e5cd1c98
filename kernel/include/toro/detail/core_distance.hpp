// How far the calling core's copies of per-core variables are from the linked ones, and which core that is:
// kernel/arch/x86_64/per_core.hpp.
#pragma once

#include <cstdint>

extern "C" constinit std::uintptr_t toro_core_distance;  // each core's own is in its own copy
extern "C" constinit std::uint32_t toro_core_number;     // the same

namespace toro::detail {

[[nodiscard, gnu::always_inline]] inline std::uintptr_t core_distance() {
  return *reinterpret_cast<const std::uintptr_t __seg_gs*>(reinterpret_cast<std::uintptr_t>(&toro_core_distance));
}

[[nodiscard, gnu::always_inline]] inline std::uint32_t core_number() {
  return *reinterpret_cast<const std::uint32_t __seg_gs*>(reinterpret_cast<std::uintptr_t>(&toro_core_number));
}

}  // namespace toro::detail
