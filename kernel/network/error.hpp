// Errors as values.
#pragma once

#include <cstdint>
#include <expected>

namespace toro::inet {

/// Why a call was not done: the number is errno's. [Linux include/uapi/asm-generic/errno.h]
enum class Error : std::int32_t {
  again = 11,  ///< it would have to wait
  no_memory = 12,
  invalid = 22,
  broken_pipe = 32,
  no_destination = 89,
  message_size = 90,
  not_supported = 95,
  address_in_use = 98,
  address_not_available = 99,
  network_unreachable = 101,
  connection_aborted = 103,
  connection_reset = 104,
  no_buffers = 105,
  is_connected = 106,
  not_connected = 107,
  timed_out = 110,
  connection_refused = 111,
  host_unreachable = 113,
  already = 114,
  in_progress = 115,
};

template <class T = void>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> failure(Error error) {
  return std::unexpected(error);
}

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
