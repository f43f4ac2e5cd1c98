// Whether a machine answers, and how long that takes.
#pragma once

#include <chrono>

#include "toro/detail/thread.hpp"
#include "toro/socket.hpp"

namespace toro {

namespace detail {
[[nodiscard]] SocketResult<std::chrono::nanoseconds> ping(Ipv4Address to, std::chrono::nanoseconds timeout,
                                                          std::size_t size);
}

/// Sends an echo request with `size` bytes, 65507 at most, and waits for its reply: how long that took. Threads of any
/// core. Errors: again when none has come in `timeout`; network_unreachable, message_size. [RFC 792]
[[nodiscard]] inline SocketResult<std::chrono::nanoseconds> ping(Ipv4Address to, std::chrono::nanoseconds timeout,
                                                                 std::size_t size = 56) {
  const auto result = detail::ping(to, timeout, size);
  if (!result && result.error() == SocketError::interrupted) detail::leave_if_killed();
  return result;
}

}  // namespace toro
