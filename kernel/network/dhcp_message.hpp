// DHCP's messages as a client reads and writes them. Pure. [RFC 2131, RFC 2132]
#pragma once

#include <array>
#include <optional>

#include "kernel/network/error.hpp"
#include "kernel/network/wire.hpp"

namespace toro::inet {

inline constexpr std::uint16_t kDhcpServerPort = 67;
inline constexpr std::uint16_t kDhcpClientPort = 68;

/// [RFC 2131 2]
struct DhcpHeader {
  static constexpr std::uint8_t kRequest = 1;
  static constexpr std::uint8_t kReply = 2;
  static constexpr std::uint16_t kBroadcast = 0x8000;
  static constexpr std::uint32_t kMagic = 0x63825363;
  std::uint8_t operation = kRequest;
  std::uint8_t hardware = 1;
  std::uint8_t hardware_length = 6;
  std::uint8_t hops = 0;
  Big32 transaction{};
  Big16 seconds{};
  Big16 flags{};
  Ipv4Address client{};
  Ipv4Address yours{};
  Ipv4Address next_server{};
  Ipv4Address relay{};
  MacAddress mac{};
  std::array<std::uint8_t, 10> padding{};
  std::array<std::uint8_t, 64> server_name{};
  std::array<std::uint8_t, 128> file{};
  Big32 magic{kMagic};
};
static_assert(sizeof(DhcpHeader) == 240);

/// [RFC 2132 9.6]
enum class DhcpType : std::uint8_t { discover = 1, offer, request, decline, ack, nak, release };

/// What a server says.
struct DhcpReply {
  std::uint32_t transaction = 0;
  MacAddress mac{};
  DhcpType type{};
  Ipv4Address yours{};
  Ipv4Address server{};
  std::uint8_t prefix = 0;
  Ipv4Address router{};
  std::array<Ipv4Address, 3> name_servers{};
  std::uint32_t lease = 0;    ///< seconds; UINT32_MAX: for ever
  std::uint32_t renewal = 0;  ///< T1 and T2; 0: half, and seven eighths, of the lease
  std::uint32_t rebinding = 0;
};
[[nodiscard]] Parsed<DhcpReply> parse_dhcp(Bytes payload);

/// What a client asks.
struct DhcpQuestion {
  DhcpType type = DhcpType::discover;
  std::uint32_t transaction = 0;
  std::uint16_t seconds = 0;  ///< since it began to ask
  MacAddress mac{};
  Ipv4Address client{};                    ///< its address where it has one
  std::optional<Ipv4Address> requested{};  ///< option 50
  std::optional<Ipv4Address> server{};     ///< option 54
};
inline constexpr std::size_t kDhcpQuestionSize = 300;  ///< what BOOTP's relays expect at least [RFC 1542 2.1]
void write_dhcp(const DhcpQuestion& question, std::span<std::byte, kDhcpQuestionSize> to);

}  // namespace toro::inet
