// ARP: asking, learning, forgetting, and who waits.
#include <doctest/doctest.h>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

const MacAddress kPeerMac{{2, 0, 0, 0, 0, 99}};
const Ipv4Address kPeer{{10, 0, 0, 9}};

/// One host, and what it sends, by hand.
struct Lonely {
  World world;
  World::Host& host = world.add().configured();

  Lonely() {
    world.run(5 * kSecond);  // it has announced its address
    host.sent.clear();
  }

  void ping() {
    UdpSocket socket(host.stack.udp(), nullptr);
    CHECK(socket.send(Endpoint{kPeer, 9}, {}).has_value());
  }
  void say(std::uint16_t operation, Ipv4Address sender, Ipv4Address target, const MacAddress& mac = kPeerMac) {
    const ArpPacket packet{.operation = operation, .sender_mac = mac, .sender = sender, .target = target};
    host.stack.input(frame_of(kBroadcastMac, mac, EthernetHeader::kArp, bytes_of(packet)));
  }
  [[nodiscard]] std::size_t sent(std::uint16_t type) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        host.sent, [&](const Frame& frame) { return header_of<EthernetHeader>(Bytes(frame))->type == type; }));
  }
  [[nodiscard]] std::size_t arps() const { return sent(EthernetHeader::kArp); }
  [[nodiscard]] std::size_t packets() const { return sent(EthernetHeader::kIpv4); }
};

TEST_CASE("packets wait until the neighbour answers, the latest of them") {
  Lonely lonely;
  for (std::size_t i = 0; i < Neighbours::kMostWaiting + 3; ++i) lonely.ping();
  CHECK_EQ(lonely.arps(), 1);
  CHECK_EQ(lonely.packets(), 0);
  lonely.say(ArpPacket::kReply, kPeer, lonely.host.address());
  CHECK_EQ(lonely.packets(), Neighbours::kMostWaiting);
  CHECK_EQ(header_of<EthernetHeader>(Bytes(lonely.host.sent.back()))->destination, kPeerMac);
  lonely.ping();
  CHECK_EQ(lonely.packets(), Neighbours::kMostWaiting + 1);
  CHECK_EQ(lonely.arps(), 1);
}

TEST_CASE("a neighbour that is silent is asked three times, and forgotten") {
  Lonely lonely;
  lonely.ping();
  lonely.world.run(10 * kSecond);
  CHECK_EQ(lonely.arps(), Neighbours::kTries);
  lonely.ping();
  CHECK_EQ(lonely.arps(), Neighbours::kTries + 1);
}

TEST_CASE("a connection to a silent neighbour ends") {
  Lonely lonely;
  const auto connection = lonely.host.stack.tcp().connect({}, {kPeer, 80}, nullptr);
  REQUIRE(connection.has_value());
  lonely.world.run(5 * kSecond);
  CHECK_EQ((*connection)->take_error(), Error::host_unreachable);
  (*connection)->close();
}

TEST_CASE("an old entry is used while its neighbour is asked alone") {
  Lonely lonely;
  lonely.ping();
  lonely.say(ArpPacket::kReply, kPeer, lonely.host.address());
  lonely.world.run(Neighbours::kReachable + kSecond);
  lonely.host.sent.clear();
  lonely.ping();
  CHECK_EQ(lonely.packets(), 1);
  REQUIRE_EQ(lonely.arps(), 1);
  CHECK_EQ(header_of<EthernetHeader>(Bytes(lonely.host.sent.front()))->destination, kPeerMac);
  lonely.world.run(5 * kSecond);
  lonely.host.sent.clear();
  lonely.ping();
  CHECK_EQ(lonely.packets(), 0);  // it did not answer: all are asked
  CHECK_EQ(lonely.arps(), 1);
}

TEST_CASE("requests for our address are answered, others are not, and nobody is learnt unasked") {
  Lonely lonely;
  lonely.say(ArpPacket::kRequest, kPeer, {{10, 0, 0, 77}});
  CHECK_EQ(lonely.arps(), 0);
  lonely.say(ArpPacket::kReply, kPeer, lonely.host.address());
  lonely.ping();
  CHECK_EQ(lonely.packets(), 0);
  lonely.say(ArpPacket::kRequest, kPeer, lonely.host.address());
  CHECK_EQ(lonely.arps(), 2);
  CHECK_EQ(lonely.packets(), 1);
}

TEST_CASE("no number of neighbours takes more than the table") {
  Lonely lonely;
  for (std::uint8_t i = 10; i < 250; ++i) lonely.say(ArpPacket::kRequest, {{10, 0, 0, i}}, lonely.host.address());
  CHECK_EQ(lonely.arps(), 240);
  lonely.world.run(3600 * kSecond);
}

}  // namespace
}  // namespace toro::inet
