// The cores of the machine.
#pragma once

#include <cstdint>

namespace toro {

/// The core that the caller runs on, from 0. A thread stays on its core. Any context.
[[nodiscard]] std::uint32_t this_core();

}  // namespace toro
