// Which core the caller runs on, and how many there are.
#pragma once

#include <cstdint>

namespace toro {

/// Number of the core that runs the caller, from 0. A thread stays on the core that it was created on. Any context.
[[nodiscard]] std::uint32_t this_core();

/// Cores of the machine, at most 64. Any context. Only images in which something calls this (run_on() and its kin do)
/// start the other cores.
[[nodiscard]] std::uint32_t cores();

}  // namespace toro
