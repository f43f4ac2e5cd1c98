// An address that two have: probing, announcing, defending, giving up. [RFC 5227]
#include <doctest/doctest.h>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

const MacAddress kOtherMac{{2, 0, 0, 0, 0, 99}};
using Origin = Stack::Origin;

/// One host, whose address is from `origin`; when it says what about it.
struct Owner {
  World world;
  World::Host& host = world.add();

  explicit Owner(Origin origin) { host.stack.configure({host.address(), 24, {}, {}}, origin); }

  struct Said {
    std::uint64_t at;  ///< seconds since the first
    bool probes;
    bool operator==(const Said&) const = default;
  };
  /// What it says about its address within so many seconds, at which of them.
  std::vector<Said> listen(std::uint64_t seconds) {
    std::vector<Said> said;
    for (std::uint64_t second = 0; second < seconds; ++second) {
      for (const Frame& frame : host.sent) {
        CHECK_EQ(header_of<EthernetHeader>(Bytes(frame))->destination, kBroadcastMac);
        const auto* const packet = header_of<ArpPacket>(Bytes(frame).subspan(sizeof(EthernetHeader)));
        CHECK_EQ(packet->operation, ArpPacket::kRequest);
        CHECK_EQ(packet->sender_mac, host.stack.mac());
        CHECK_EQ(packet->target, host.address());
        CHECK((packet->sender.is_any() || packet->sender == host.address()));
        said.push_back({second, packet->sender.is_any()});
      }
      host.sent.clear();
      world.run(kSecond);
    }
    return said;
  }
  void say(std::uint16_t operation, Ipv4Address sender, Ipv4Address target, const MacAddress& mac = kOtherMac) {
    const ArpPacket packet{.operation = operation, .sender_mac = mac, .sender = sender, .target = target};
    host.stack.input(frame_of(kBroadcastMac, mac, EthernetHeader::kArp, bytes_of(packet)));
  }
  /// Another announces our address.
  void claim() { say(ArpPacket::kRequest, host.address(), host.address()); }
};

TEST_CASE("a static address is announced twice, and not probed") {
  Owner owner(Origin::static_configuration);
  CHECK(owner.listen(20) == std::vector<Owner::Said>{{0, false}, {2, false}});
}

TEST_CASE("an address of DHCP's is probed three times, then announced") {
  Owner owner(Origin::dhcp);
  CHECK(owner.host.stack.is_configured());  // it is used meanwhile
  const auto said = owner.listen(20);
  REQUIRE_EQ(said.size(), 5);
  for (std::size_t i = 0; i < said.size(); ++i) CHECK_EQ(said[i].probes, i < 3);
  CHECK_EQ(said[0].at, 0);
  CHECK_EQ(said[4].at - said[3].at, 2);
  CHECK_LE(said[4].at, 8);
}

TEST_CASE("a static address is defended every ten seconds at most, kept, and the conflict told once") {
  Owner owner(Origin::static_configuration);
  static_cast<void>(owner.listen(5));
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 5; ++j) owner.claim();
    CHECK(owner.listen(10) == std::vector<Owner::Said>{{0, false}});
  }
  REQUIRE_EQ(owner.host.conflicts.size(), 1);
  CHECK_EQ(owner.host.conflicts[0], std::pair(owner.host.address(), kOtherMac));
  CHECK(owner.host.stack.is_configured());
  owner.host.stack.configure({{{10, 0, 0, 7}}, 24, {}, {}});
  owner.host.stack.configure({owner.host.address(), 24, {}, {}});
  owner.claim();
  CHECK_EQ(owner.host.conflicts.size(), 2);
}

TEST_CASE("what is ours, or another's, is no conflict") {
  for (const Origin origin : {Origin::static_configuration, Origin::dhcp}) {
    Owner owner(origin);
    owner.say(ArpPacket::kRequest, owner.host.address(), owner.host.address(), owner.host.stack.mac());
    owner.say(ArpPacket::kRequest, {}, owner.host.address(), owner.host.stack.mac());  // ours comes back
    owner.say(ArpPacket::kReply, {{10, 0, 0, 9}}, owner.host.address());
    owner.say(ArpPacket::kRequest, {}, {{10, 0, 0, 9}});
    owner.world.run(20 * kSecond);
    owner.say(ArpPacket::kRequest, {}, owner.host.address());  // a probe is answered
    CHECK_EQ(header_of<ArpPacket>(Bytes(owner.host.sent.back()).subspan(sizeof(EthernetHeader)))->operation,
             ArpPacket::kReply);
    CHECK(owner.host.conflicts.empty());
    CHECK(owner.host.stack.is_configured());
  }
}

/// A host that got 10.0.0.1 from a server that said so by hand.
struct Client : Owner {
  Client() : Owner(Origin::static_configuration) {
    host.stack.configure({});
    host.stack.start_dhcp();
    answer(DhcpType::offer);
    answer(DhcpType::ack);
    REQUIRE_EQ(host.stack.address(), host.address());
    host.sent.erase(host.sent.begin(), host.sent.end() - 1);
  }

 private:
  void answer(DhcpType type) {
    const Bytes asked =
        Bytes(host.sent.back()).subspan(sizeof(EthernetHeader) + sizeof(Ipv4Header) + sizeof(UdpHeader));
    DhcpHeader header = *header_of<DhcpHeader>(asked);
    header.operation = DhcpHeader::kReply;
    header.yours = host.address();
    const auto kOptions = std::to_array<std::uint8_t>(
        {53, 1, static_cast<std::uint8_t>(type), 54, 4, 10, 0, 0, 254, 1, 4, 255, 255, 255, 0, 51, 4, 0, 1, 0, 0, 255});
    UdpHeader udp{.source = kDhcpServerPort, .destination = kDhcpClientPort};
    udp.length = static_cast<std::uint16_t>(sizeof udp + sizeof header + kOptions.size());
    Frame payload(udp.length);
    std::memcpy(payload.data(), &udp, sizeof udp);
    std::memcpy(payload.data() + sizeof udp, &header, sizeof header);
    std::memcpy(payload.data() + sizeof udp + sizeof header, kOptions.data(), kOptions.size());
    host.stack.input(
        packet_of({.protocol = Protocol::udp, .source = {{10, 0, 0, 254}}, .destination = kBroadcastAddress}, payload));
  }
};

TEST_CASE("an address of DHCP's is given up when another answers the probes, or probes it at the same time") {
  for (const bool answers : {true, false}) {
    Client client;
    answers ? client.say(ArpPacket::kReply, client.host.address(), {})
            : client.say(ArpPacket::kRequest, {}, client.host.address());
    CHECK_FALSE(client.host.stack.is_configured());
    CHECK_EQ(client.host.conflicts.size(), 1);
    CHECK_EQ(client.host.stack.dhcp().state(), DhcpClient::State::selecting);
  }
}

TEST_CASE("an address of DHCP's that was probed is defended once in ten seconds, then given up") {
  Client client;
  static_cast<void>(client.listen(20));
  client.claim();
  CHECK(client.listen(11) == std::vector<Owner::Said>{{0, false}});
  client.claim();
  CHECK(client.host.stack.is_configured());
  CHECK_EQ(client.host.conflicts.size(), 1);
  client.claim();
  CHECK_FALSE(client.host.stack.is_configured());
  CHECK_EQ(client.host.conflicts.size(), 2);
}

}  // namespace
}  // namespace toro::inet
