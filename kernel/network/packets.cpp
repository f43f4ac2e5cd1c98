// Received packets of ARP, IPv4, ICMP and UDP.
#include "kernel/network/packets.hpp"

#include "kernel/network/checksum.hpp"

namespace toro::inet {
namespace {

std::unexpected<Drop> drop(Drop reason) {
  return std::unexpected(reason);
}

/// [RFC 791 3.1]
enum Option : std::uint8_t { kEndOfList = 0, kNoOperation = 1, kLooseSourceRoute = 131, kStrictSourceRoute = 137 };

bool options_are_sound(Bytes options) {
  while (!options.empty()) {
    const auto kind = std::to_integer<std::uint8_t>(options[0]);
    if (kind == kEndOfList) return true;
    if (kind == kLooseSourceRoute || kind == kStrictSourceRoute) return false;
    std::size_t length = 1;
    if (kind != kNoOperation) {
      if (options.size() < 2) return false;
      length = std::to_integer<std::size_t>(options[1]);
      if (length < 2 || length > options.size()) return false;
    }
    options = options.subspan(length);
  }
  return true;
}

}  // namespace

Parsed<const ArpPacket*> parse_arp(Bytes payload) {
  const auto* const packet = header_of<ArpPacket>(payload);
  if (packet == nullptr) return drop(Drop::too_short);
  const ArpPacket expected;
  if (packet->hardware != expected.hardware || packet->protocol != expected.protocol ||
      packet->hardware_length != expected.hardware_length || packet->protocol_length != expected.protocol_length)
    return drop(Drop::unknown_protocol);
  return packet;
}

Parsed<Ipv4Packet> parse_ipv4(Bytes payload, std::size_t more) {
  const auto* const header = header_of<Ipv4Header>(payload);
  if (header == nullptr) return drop(Drop::too_short);
  if (header->version_and_words >> 4 != 4) return drop(Drop::bad_version);
  const std::size_t header_size = (header->version_and_words & 0xfU) * std::size_t{4};
  const std::size_t size = header->length;
  const bool fits = more == 0 ? size <= payload.size() : size == payload.size() + more;
  if (header_size < sizeof(Ipv4Header) || size < header_size || header_size > payload.size() || !fits)
    return drop(Drop::bad_length);
  if (checksum_of(payload.first(header_size)) != 0) return drop(Drop::bad_checksum);
  if (!options_are_sound(payload.subspan(sizeof(Ipv4Header), header_size - sizeof(Ipv4Header))))
    return drop(Drop::bad_option);
  const Bytes whole = payload.first(size - more);
  return Ipv4Packet{header, whole, whole.subspan(header_size)};
}

Parsed<IcmpMessage> parse_icmp(Bytes payload) {
  const auto* const header = header_of<IcmpHeader>(payload);
  if (header == nullptr) return drop(Drop::too_short);
  if (checksum_of(payload) != 0) return drop(Drop::bad_checksum);
  return IcmpMessage{header, payload.subspan(sizeof(IcmpHeader))};
}

Parsed<QuotedPacket> parse_quoted(Bytes payload) {
  constexpr std::size_t kQuoted = 8;
  const auto* const header = header_of<Ipv4Header>(payload);
  if (header == nullptr) return drop(Drop::too_short);
  if (header->version_and_words >> 4 != 4) return drop(Drop::bad_version);
  const std::size_t header_size = (header->version_and_words & 0xfU) * std::size_t{4};
  if (header_size < sizeof(Ipv4Header)) return drop(Drop::bad_length);
  if (payload.size() < header_size + kQuoted) return drop(Drop::too_short);
  return QuotedPacket{header, payload.subspan(header_size)};
}

Parsed<UdpDatagram> parse_udp(Ipv4Address source, Ipv4Address destination, Bytes payload, Integrity integrity) {
  const auto* const header = header_of<UdpHeader>(payload);
  if (header == nullptr) return drop(Drop::too_short);
  const std::size_t length = header->length;
  if (length < sizeof(UdpHeader) || length > payload.size()) return drop(Drop::bad_length);
  const bool has_checksum = header->checksum != 0 && integrity == Integrity::unknown;
  if (has_checksum && !is_intact(source, destination, Protocol::udp, payload.first(length)))
    return drop(Drop::bad_checksum);
  return UdpDatagram{{source, header->source},
                     {destination, header->destination},
                     payload.subspan(sizeof(UdpHeader), length - sizeof(UdpHeader))};
}

}  // namespace toro::inet
