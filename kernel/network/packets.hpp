// Received packets of ARP, IPv4, ICMP and UDP: checked once, and views of the frame from then on. Pure.
#pragma once

#include "kernel/network/error.hpp"
#include "kernel/network/wire.hpp"

namespace toro::inet {

/// `payload` is what lies behind an Ethernet header. [RFC 826]
[[nodiscard]] Parsed<const ArpPacket*> parse_arp(Bytes payload);

struct Ipv4Packet {
  const Ipv4Header* header;
  Bytes whole;    ///< header, options and payload, without what pads the frame
  Bytes payload;  ///< behind the options

  [[nodiscard]] std::size_t fragment_offset() const {
    return std::size_t{8} * (header->fragment & Ipv4Header::kOffsetMask);
  }
  [[nodiscard]] bool has_more_fragments() const { return (header->fragment & Ipv4Header::kMoreFragments) != 0; }
  [[nodiscard]] bool is_fragment() const { return has_more_fragments() || fragment_offset() != 0; }
};
/// Options are checked for their form; source routes are refused. [RFC 791 3.1, RFC 1122 3.2.1]
/// `more` bytes follow elsewhere; then the packet has all of them.
[[nodiscard]] Parsed<Ipv4Packet> parse_ipv4(Bytes payload, std::size_t more = 0);

struct IcmpMessage {
  const IcmpHeader* header;
  Bytes payload;
};
[[nodiscard]] Parsed<IcmpMessage> parse_icmp(Bytes payload);

/// What an ICMP error carries of the packet that it is about: its header and at least 8 bytes. [RFC 792]
struct QuotedPacket {
  const Ipv4Header* header;
  Bytes payload;
};
[[nodiscard]] Parsed<QuotedPacket> parse_quoted(Bytes payload);

struct UdpDatagram {
  Endpoint source;
  Endpoint destination;
  Bytes payload;
};
[[nodiscard]] Parsed<UdpDatagram> parse_udp(Ipv4Address source, Ipv4Address destination, Bytes payload,
                                            Integrity integrity = Integrity::unknown);

}  // namespace toro::inet
