// What TCP and UDP have in common: addresses, and why something was not done.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace toro {

/// In the order of the wire. [RFC 791 3.1]
struct Ipv4Address {
  std::array<std::uint8_t, 4> bytes{};

  /// Of four decimal numbers: "10.0.2.2". Any context.
  [[nodiscard]] static std::optional<Ipv4Address> parse(std::string_view text);
  [[nodiscard]] static constexpr Ipv4Address of(std::uint32_t value) {
    return {{static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
             static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}};
  }
  [[nodiscard]] constexpr std::uint32_t value() const {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
  }
  constexpr bool operator==(const Ipv4Address& other) const { return value() == other.value(); }

  [[nodiscard]] constexpr bool is_any() const { return value() == 0; }
  [[nodiscard]] constexpr bool is_loopback() const { return bytes[0] == 127; }              // [RFC 1122 3.2.1.3 (g)]
  [[nodiscard]] constexpr bool is_multicast() const { return (bytes[0] & 0xf0U) == 0xe0; }  // [RFC 1112 4]
  [[nodiscard]] constexpr bool is_limited_broadcast() const { return value() == UINT32_MAX; }
};

/// One end of a connection. Port 0 is any that is free, the address 0.0.0.0 any that the machine has.
struct Endpoint {
  Ipv4Address address{};
  std::uint16_t port = 0;
  constexpr bool operator==(const Endpoint&) const = default;
};

/// Why a call was not done: the number is errno's. [Linux include/uapi/asm-generic/errno.h]
enum class SocketError : std::int32_t {
  interrupted = 4,  ///< the thread is to end
  again = 11,       ///< it would have to wait, or waited as long as it may
  no_memory = 12,
  access = 13,
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

/// For people: "connection refused". Any context.
[[nodiscard]] std::string_view describe(SocketError error);

template <class T = void>
using SocketResult = std::expected<T, SocketError>;

}  // namespace toro
