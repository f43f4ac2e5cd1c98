// Cores, as Toro offers them.
#pragma once

#include <toro/cores.hpp>

#include <cstdint>

namespace platform {

inline constexpr bool kHasNativeApi = true;

/// The cheapest call into the kernel that there is.
inline std::uint32_t native_call() {
  return toro::this_core();
}

using toro::cores;
using toro::post;
using toro::run_on;

/// Keeps the calling thread, and those it creates, on core 0: here they never leave the core they are created on.
inline void stay_on_first_core() {}

}  // namespace platform
