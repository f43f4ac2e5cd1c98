// Ports that nobody asked for by number. [RFC 6335 6, RFC 6056 3.3.1]
#pragma once

#include <cstdint>

namespace toro::inet {

/// The first port of the dynamic range, from a random one on, of which `is_free(port)`; 0 when there is none.
template <class F>
[[nodiscard]] std::uint16_t find_dynamic_port(std::uint64_t random, F is_free) {
  constexpr std::uint32_t kFirst = 49152;
  constexpr std::uint32_t kCount = 65536 - kFirst;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const auto port = static_cast<std::uint16_t>(kFirst + (random + i) % kCount);
    if (is_free(port)) return port;
  }
  return 0;
}

}  // namespace toro::inet
