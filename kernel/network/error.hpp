// Errors as values.
#pragma once

#include <cstdint>
#include <expected>

#include "kernel/include/toro/socket.hpp"

namespace toro::inet {

using Error = SocketError;

template <class T = void>
using Result = SocketResult<T>;

[[nodiscard]] inline std::unexpected<Error> failure(Error error) {
  return std::unexpected(error);
}

/// What is known of a payload before its checksum is looked at.
enum class Integrity : std::uint8_t { unknown, good };

/// Why a received packet went no further.
enum class Drop : std::uint8_t {
  too_short,
  bad_version,
  bad_length,
  bad_checksum,
  bad_option,
  bad_source,
  not_ours,
  unknown_protocol,
  fragment,  ///< of a packet that is too long, contradicts itself, or has no room
  count_,
};

template <class T>
using Parsed = std::expected<T, Drop>;

}  // namespace toro::inet
