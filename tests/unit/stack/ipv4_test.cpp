// IPv4 and ICMP: fragments, echo, errors, and what is not for us.
#include <doctest/doctest.h>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

const Ipv4Address kPeer{{10, 0, 0, 9}};

/// A host that knows its only neighbour, and what it answers.
struct Answering {
  World world;
  World::Host& host = world.add().configured();

  Answering() {
    world.run(5 * kSecond);  // it has announced its address
    const ArpPacket request{.operation = ArpPacket::kRequest,
                            .sender_mac = {{2, 0, 0, 0, 0, 99}},
                            .sender = kPeer,
                            .target = host.address()};
    host.stack.input(frame_of(kBroadcastMac, request.sender_mac, EthernetHeader::kArp, bytes_of(request)));
    host.sent.clear();
  }
  [[nodiscard]] Ipv4Header header(Protocol protocol) const {
    return {.protocol = protocol, .source = kPeer, .destination = host.address()};
  }
  void input(const Ipv4Header& of, Bytes payload) { host.stack.input(packet_of(of, payload)); }
  [[nodiscard]] std::uint64_t dropped(Drop reason) const {
    return host.stack.counters().dropped[static_cast<std::size_t>(reason)];
  }
  /// The ICMP message in the last frame.
  [[nodiscard]] const IcmpHeader& last() const {
    REQUIRE_FALSE(host.sent.empty());
    return *header_of<IcmpHeader>(Bytes(host.sent.back()).subspan(sizeof(EthernetHeader) + sizeof(Ipv4Header)));
  }
};

std::vector<std::byte> echo_request(std::size_t size) {
  auto message = random_bytes(sizeof(IcmpHeader) + size, size);
  auto& header = *header_of<IcmpHeader>(MutableBytes(message));
  header.type = IcmpHeader::kEchoRequest;
  header.code = 0;
  header.checksum = 0;
  header.checksum = checksum_of(message);
  return message;
}

TEST_CASE("an echo request is answered with its data") {
  Answering answering;
  const auto request = echo_request(56);
  answering.input(answering.header(Protocol::icmp), request);
  REQUIRE_EQ(answering.host.sent.size(), 1);
  const auto packet = parse_ipv4(Bytes(answering.host.sent[0]).subspan(sizeof(EthernetHeader)));
  REQUIRE(packet.has_value());
  const auto reply = parse_icmp(packet->payload);
  REQUIRE(reply.has_value());
  CHECK_EQ(reply->header->type, IcmpHeader::kEchoReply);
  CHECK(std::ranges::equal(reply->payload, Bytes(request).subspan(sizeof(IcmpHeader))));
}

TEST_CASE("fragments in any order, and twice, are one packet") {
  for (const auto& order : {std::vector{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 1, 2, 0}, {2, 0, 2, 1}}) {
    Answering answering;
    const auto request = echo_request(2492);
    for (const int i : order) {
      Ipv4Header header = answering.header(Protocol::icmp);
      header.identification = 7;
      header.fragment = static_cast<std::uint16_t>(i * 125 | (i < 2 ? Ipv4Header::kMoreFragments : 0));
      const auto offset = static_cast<std::size_t>(i) * 1000;
      answering.input(header, Bytes(request).subspan(offset, std::min<std::size_t>(1000, request.size() - offset)));
    }
    CHECK_EQ(answering.host.sent.size(), 2);  // the reply is longer than the MTU too
  }
}

TEST_CASE("fragments that contradict each other are dropped, and memory is bounded") {
  Answering answering;
  const auto data = random_bytes(1480, 1);
  Ipv4Header header = answering.header(Protocol::udp);
  header.fragment = Ipv4Header::kMoreFragments;
  answering.input(header, Bytes(data).first(800));
  header.fragment = Ipv4Header::kMoreFragments | 50;
  answering.input(header, Bytes(data).first(800));  // overlaps
  CHECK_EQ(answering.dropped(Drop::fragment), 1);
  header.fragment = Ipv4Header::kMoreFragments;
  answering.input(header, Bytes(data).first(801));  // no multiple of 8
  CHECK_EQ(answering.dropped(Drop::fragment), 2);
  header.fragment = 8191;
  answering.input(header, Bytes(data).first(16));  // beyond 64 KiB
  CHECK_EQ(answering.dropped(Drop::fragment), 3);
  for (std::uint16_t i = 0; i < 1000; ++i) {
    header.identification = i;
    header.fragment = Ipv4Header::kMoreFragments | 4000;
    answering.input(header, Bytes(data).first(800));
  }
  answering.world.run(Reassembly::kLifetime + kSecond);
  CHECK_EQ(answering.host.stack.next_deadline() > answering.world.now(), true);
}

TEST_CASE("what nobody wants is told, but not for ever") {
  Answering answering;
  const UdpHeader datagram{.source = 1, .destination = 2, .length = sizeof datagram};
  answering.input(answering.header(Protocol::udp), bytes_of(datagram));
  CHECK_EQ(answering.last().type, IcmpHeader::kUnreachable);
  CHECK_EQ(answering.last().code, std::to_underlying(Unreachable::port));
  Ipv4Header header = answering.header(static_cast<Protocol>(99));
  answering.input(header, random_bytes(20, 1));
  CHECK_EQ(answering.last().code, std::to_underlying(Unreachable::protocol));
  for (int i = 0; i < 1000; ++i) answering.input(answering.header(Protocol::udp), bytes_of(datagram));
  CHECK_EQ(answering.host.sent.size(), 100);
  header = answering.header(Protocol::udp);
  header.destination = kBroadcastAddress;
  answering.world.run(2 * kSecond);
  answering.host.stack.input(packet_of(header, bytes_of(datagram), kBroadcastMac));
  CHECK_EQ(answering.host.sent.size(), 100);
}

TEST_CASE("packets of others, and of impossible senders, are dropped") {
  Answering answering;
  const auto request = echo_request(8);
  struct Row {
    Ipv4Address source;
    Ipv4Address destination;
    Drop drop;
  };
  const Ipv4Address own = answering.host.address();
  for (const Row& row : {Row{kPeer, {{10, 0, 0, 77}}, Drop::not_ours},
                         {kPeer, {{127, 0, 0, 1}}, Drop::not_ours},
                         {kPeer, {{224, 0, 0, 1}}, Drop::not_ours},
                         {own, own, Drop::bad_source},
                         {{{127, 0, 0, 1}}, own, Drop::bad_source},
                         {{{224, 0, 0, 1}}, own, Drop::bad_source},
                         {kBroadcastAddress, own, Drop::bad_source},
                         {{{10, 0, 0, 255}}, own, Drop::bad_source}}) {
    const auto before = answering.dropped(row.drop);
    answering.input({.protocol = Protocol::icmp, .source = row.source, .destination = row.destination}, request);
    CHECK_EQ(answering.dropped(row.drop), before + 1);
  }
  answering.host.stack.input(packet_of(answering.header(Protocol::icmp), request, {{2, 0, 0, 0, 0, 5}}));
  CHECK_EQ(answering.host.sent.size(), 0);
}

TEST_CASE("an address is written as it is read") {
  CHECK_EQ(parse_address("10.0.2.15"), Ipv4Address{{10, 0, 2, 15}});
  for (const char* bad : {"", "10", "10.0.2", "10.0.2.256", "10.0.2.15.", "10..2.15", "a.b.c.d", "10.0.2.15 "})
    CHECK_FALSE(parse_address(bad));
  const auto whole = parse_configuration("10.0.2.15/24,10.0.2.2,10.0.2.3");
  REQUIRE(whole);
  CHECK_EQ(whole->prefix, 24);
  CHECK_EQ(whole->gateway, Ipv4Address{{10, 0, 2, 2}});
  CHECK_EQ(whole->name_servers[0], Ipv4Address{{10, 0, 2, 3}});
  CHECK(parse_configuration("10.0.2.15/32"));
  for (const char* bad : {"10.0.2.15", "10.0.2.15/33", "10.0.2.15/24,", "0.0.0.0/8",
                          "10.0.2.15/24,1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5"})
    CHECK_FALSE(parse_configuration(bad));
}

TEST_CASE("a path's MTU is learnt, and forgotten") {
  PathMtu paths;
  CHECK_EQ(paths.of(kPeer, 1500, 0), 1500);
  paths.learn(kPeer, 1500, 1400, 0);
  CHECK_EQ(paths.of(kPeer, 1500, 1), 1400);
  paths.learn(kPeer, 1400, 0, 1);  // a router that does not say
  CHECK_EQ(paths.of(kPeer, 1500, 2), 1006);
  paths.learn(kPeer, 1006, 68, 2);  // less than is believed
  CHECK_EQ(paths.of(kPeer, 1500, 3), PathMtu::kLeast);
  CHECK_EQ(paths.of(kPeer, 1500, PathMtu::kLifetime + 3), 1500);
}

}  // namespace
}  // namespace toro::inet
