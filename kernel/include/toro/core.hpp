// Which core the caller runs on, and how many there are.
#pragma once

#include <cstdint>

#include "toro/detail/core_distance.hpp"

namespace toro {

/// Number of the core that runs the caller, from 0. A thread stays on the core that it was created on. Any context.
[[nodiscard]] inline std::uint32_t this_core() {
  return detail::core_number();
}

/// Cores of the machine, at most 64. Any context. Only images in which something calls this (run_on() and its kin do)
/// start the other cores.
[[nodiscard]] std::uint32_t cores();

}  // namespace toro
