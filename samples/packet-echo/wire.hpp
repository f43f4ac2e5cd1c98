// What lies in the frames: Ethernet, ARP, IPv4 and ICMP, as the wire has them.
#pragma once

#include <toro/network_device.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace wire {

/// 16 bits, the high byte first.
class Big16 {
 public:
  constexpr Big16() = default;
  constexpr Big16(std::uint16_t value)
      : bytes_{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)} {}
  constexpr operator std::uint16_t() const { return static_cast<std::uint16_t>(bytes_[0] << 8 | bytes_[1]); }

 private:
  std::uint8_t bytes_[2]{};
};

using Ipv4Address = std::array<std::uint8_t, 4>;

/// [IEEE 802.3 3.1.1]
struct Ethernet {
  static constexpr std::uint16_t kIpv4 = 0x0800, kArp = 0x0806;
  toro::MacAddress destination, source;
  Big16 type;
};
static_assert(sizeof(Ethernet) == 14);

/// For IPv4 over Ethernet. [RFC 826]
struct Arp {
  static constexpr std::uint16_t kRequest = 1, kReply = 2;
  Big16 hardware{1}, protocol{Ethernet::kIpv4};
  std::uint8_t hardware_length = 6, protocol_length = 4;
  Big16 operation;
  toro::MacAddress sender_mac;
  Ipv4Address sender{};
  toro::MacAddress target_mac;
  Ipv4Address target{};
};
static_assert(sizeof(Arp) == 28);

/// Without options. [RFC 791 3.1]
struct Ipv4 {
  static constexpr std::uint8_t kIcmp = 1;
  static constexpr std::uint16_t kFragmented = 0x3fff;  // more fragments, and the offset
  std::uint8_t version_and_words = 0x45, service = 0;
  Big16 length, identification, fragment;
  std::uint8_t time_to_live = 64, protocol = kIcmp;
  Big16 checksum;
  Ipv4Address source{}, destination{};
};
static_assert(sizeof(Ipv4) == 20);

/// [RFC 792]
struct IcmpEcho {
  static constexpr std::uint8_t kReply = 0, kRequest = 8;
  std::uint8_t type = 0, code = 0;
  Big16 checksum, identifier, sequence;
};
static_assert(sizeof(IcmpEcho) == 8);

/// The Internet checksum. [RFC 1071]
inline std::uint16_t checksum(std::span<const std::byte> data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i) sum += std::to_integer<std::uint32_t>(data[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace wire
