// Numbers, addresses and headers as the wire has them. All are made of bytes: they may lie anywhere in a frame.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/include/toro/network_device.hpp"
#include "kernel/include/toro/socket.hpp"

namespace toro::inet {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

/// An unsigned number, the highest byte first.
template <std::unsigned_integral T>
class Big {
 public:
  constexpr Big() = default;
  constexpr Big(T value) {  // NOLINT(google-explicit-constructor): a number like any other
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes_[i] = static_cast<std::uint8_t>(value >> 8 * (sizeof(T) - 1 - i));
  }
  constexpr operator T() const {  // NOLINT(google-explicit-constructor)
    T value = 0;
    for (const std::uint8_t byte : bytes_) value = static_cast<T>(std::uint64_t{value} << 8 | byte);
    return value;
  }

 private:
  std::array<std::uint8_t, sizeof(T)> bytes_{};
};
using Big16 = Big<std::uint16_t>;
using Big32 = Big<std::uint32_t>;

using toro::Endpoint;
using toro::Ipv4Address;
inline constexpr Ipv4Address kAnyAddress{};
inline constexpr Ipv4Address kBroadcastAddress = Ipv4Address::of(UINT32_MAX);

inline constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/// [IEEE 802.3 3.1.1]
struct EthernetHeader {
  static constexpr std::uint16_t kIpv4 = 0x0800;
  static constexpr std::uint16_t kArp = 0x0806;
  MacAddress destination{};
  MacAddress source{};
  Big16 type{};
};
static_assert(sizeof(EthernetHeader) == 14);

/// For IPv4 over Ethernet. [RFC 826]
struct ArpPacket {
  static constexpr std::uint16_t kRequest = 1;
  static constexpr std::uint16_t kReply = 2;
  Big16 hardware{1};
  Big16 protocol{EthernetHeader::kIpv4};
  std::uint8_t hardware_length = 6;
  std::uint8_t protocol_length = 4;
  Big16 operation{};
  MacAddress sender_mac{};
  Ipv4Address sender{};
  MacAddress target_mac{};
  Ipv4Address target{};
};
static_assert(sizeof(ArpPacket) == 28);

enum class Protocol : std::uint8_t { icmp = 1, tcp = 6, udp = 17 };

/// [RFC 791 3.1]
struct Ipv4Header {
  static constexpr std::uint16_t kDontFragment = 0x4000;
  static constexpr std::uint16_t kMoreFragments = 0x2000;
  static constexpr std::uint16_t kOffsetMask = 0x1fff;  ///< in units of 8 bytes
  std::uint8_t version_and_words = 0x45;
  std::uint8_t service = 0;
  Big16 length{};
  Big16 identification{};
  Big16 fragment{};
  std::uint8_t time_to_live = 64;
  Protocol protocol{};
  Big16 checksum{};
  Ipv4Address source{};
  Ipv4Address destination{};
};
static_assert(sizeof(Ipv4Header) == 20);

/// [RFC 792]
struct IcmpHeader {
  static constexpr std::uint8_t kEchoReply = 0;
  static constexpr std::uint8_t kUnreachable = 3;
  static constexpr std::uint8_t kEchoRequest = 8;
  static constexpr std::uint8_t kTimeExceeded = 11;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  Big16 checksum{};
  Big16 word{};   ///< echo: identifier
  Big16 word2{};  ///< echo: sequence; fragmentation needed: the next hop's MTU [RFC 1191 4]
};
static_assert(sizeof(IcmpHeader) == 8);

/// Codes of IcmpHeader::kUnreachable. [RFC 792, RFC 1122 3.2.2.1]
enum class Unreachable : std::uint8_t { network, host, protocol, port, fragmentation_needed };

/// [RFC 768]
struct UdpHeader {
  Big16 source{};
  Big16 destination{};
  Big16 length{};
  Big16 checksum{};
};
static_assert(sizeof(UdpHeader) == 8);

/// [RFC 9293 3.1]
struct TcpHeader {
  static constexpr std::uint8_t kFin = 1;
  static constexpr std::uint8_t kSyn = 2;
  static constexpr std::uint8_t kRst = 4;
  static constexpr std::uint8_t kPsh = 8;
  static constexpr std::uint8_t kAck = 16;
  Big16 source{};
  Big16 destination{};
  Big32 sequence{};
  Big32 acknowledgment{};
  std::uint8_t words = 0x50;  ///< the header's, in the upper half
  std::uint8_t flags = 0;
  Big16 window{};
  Big16 checksum{};
  Big16 urgent{};
};
static_assert(sizeof(TcpHeader) == 20);

/// The T at the beginning of `bytes`; null where they do not hold one.
template <class T>
[[nodiscard]] const T* header_of(Bytes bytes) {
  static_assert(alignof(T) == 1);
  return bytes.size() < sizeof(T) ? nullptr : reinterpret_cast<const T*>(bytes.data());
}
template <class T>
[[nodiscard]] T* header_of(MutableBytes bytes) {
  static_assert(alignof(T) == 1);
  return bytes.size() < sizeof(T) ? nullptr : reinterpret_cast<T*>(bytes.data());
}
/// Lays `value` at `to`. By the builtin, which is some moves: std::memcpy is a call in the kernel, which is
/// freestanding.
template <class T>
void store(std::byte* to, const T& value) {
  __builtin_memcpy(to, &value, sizeof value);
}
/// The T that lies at `from`.
template <class T>
[[nodiscard]] T load(const std::byte* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
[[nodiscard]] Bytes bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace toro::inet
