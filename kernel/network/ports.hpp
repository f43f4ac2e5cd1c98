// Ports: who may have one together, and those that nobody asked for by number.
#pragma once

#include <cstdint>

namespace toro::inet {

/// With whom a socket may have its port in common. [socket(7)]
enum class Reuse : std::uint8_t {
  no,
  address,  ///< SO_REUSEADDR: connections there; of UDP, sockets that say so too
  port,     ///< SO_REUSEPORT: also listeners that say so too, each of which has a part of the flows
};

/// The first port of the dynamic range, from a random one on, of which `is_free(port)`; 0 when there is none. [RFC 6335
/// 6, RFC 6056 3.3.1]
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
