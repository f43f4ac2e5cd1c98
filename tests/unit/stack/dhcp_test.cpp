// The DHCP client, against a server of the test's own.
#include <doctest/doctest.h>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

const Ipv4Address kServer{{10, 0, 0, 1}};
const Ipv4Address kOffered{{10, 0, 0, 50}};

std::vector<std::byte> reply_to(const DhcpHeader& question, DhcpType type, std::uint32_t lease,
                                Ipv4Address offered = kOffered) {
  DhcpHeader header = question;
  header.operation = DhcpHeader::kReply;
  header.yours = offered;
  std::vector<std::byte> reply(sizeof header);
  std::memcpy(reply.data(), &header, sizeof header);
  const auto option = [&](std::uint8_t kind, Bytes value) {
    reply.push_back(std::byte{kind});
    reply.push_back(static_cast<std::byte>(value.size()));
    reply.insert(reply.end(), value.begin(), value.end());
  };
  option(53, bytes_of(type));
  option(54, bytes_of(kServer));
  option(1, bytes_of(Ipv4Address{{255, 255, 255, 0}}));
  option(3, bytes_of(kServer));
  option(6, bytes_of(Ipv4Address{{10, 0, 0, 3}}));
  option(51, bytes_of(Big32(lease)));
  reply.push_back(std::byte{255});
  return reply;
}

/// Answers what it is asked, as long as it is there.
struct Server final : Observer {
  World world;
  World::Host& host = world.add().configured();
  World::Host& client;
  UdpSocket socket{host.stack.udp(), this};
  std::uint32_t lease = 1000;
  Ipv4Address offered = kOffered;
  std::vector<Ipv4Address> declined;
  bool is_there = true;
  bool refuses = false;
  std::vector<DhcpType> asked;
  std::vector<bool> had_address;

  /// `queues`: of the client's device.
  explicit Server(std::size_t queues = 1) : client(queues == 1 ? world.add() : world.add_queues(queues)) {
    for (World::Host* const queue : client.queues) queue->stack.configure({});
    REQUIRE(socket.bind({kAnyAddress, kDhcpServerPort}).has_value());
    socket.allow_broadcast(true);
  }
  void changed() override {
    std::array<std::byte, 1500> message;
    const auto received = socket.receive(message, UdpSocket::Take::away);
    REQUIRE(received.has_value());
    CHECK_EQ(received->size, kDhcpQuestionSize);
    const auto& question = *header_of<DhcpHeader>(Bytes(message));
    const auto type = static_cast<DhcpType>(message[sizeof(DhcpHeader) + 2]);
    asked.push_back(type);
    had_address.push_back(!question.client.is_any());
    if (!is_there) return;
    if (type == DhcpType::decline) {
      const Bytes options = Bytes(message).subspan(sizeof(DhcpHeader), 16);
      CHECK(std::ranges::equal(options.subspan(3, 2), std::to_array({std::byte{50}, std::byte{4}})));
      declined.push_back(*header_of<Ipv4Address>(options.subspan(5)));
      CHECK(std::ranges::equal(options.subspan(9, 2), std::to_array({std::byte{54}, std::byte{4}})));
      CHECK_EQ(*header_of<Ipv4Address>(options.subspan(11)), kServer);
      CHECK_EQ(options[15], std::byte{255});
      CHECK_EQ(question.flags, 0);
      ++offered.bytes[3];
      return;
    }
    const DhcpType answer = type == DhcpType::discover ? DhcpType::offer : refuses ? DhcpType::nak : DhcpType::ack;
    const bool is_known = !question.client.is_any();
    REQUIRE(socket
                .send(Endpoint{is_known ? question.client : kBroadcastAddress, kDhcpClientPort},
                      reply_to(question, answer, lease, offered))
                .has_value());
  }
};

TEST_CASE("a configuration is asked for, taken, and renewed") {
  Server server;
  server.client.stack.start_dhcp();
  REQUIRE(server.world.run(kSecond, [&] { return server.client.stack.is_configured(); }));
  const Configuration& configuration = server.client.stack.configuration();
  CHECK_EQ(configuration.address, kOffered);
  CHECK_EQ(configuration.prefix, 24);
  CHECK_EQ(configuration.gateway, kServer);
  CHECK_EQ(configuration.name_servers[0], Ipv4Address{{10, 0, 0, 3}});
  CHECK(server.asked == std::vector{DhcpType::discover, DhcpType::request});
  server.world.run(505 * kSecond);
  CHECK(server.asked == std::vector{DhcpType::discover, DhcpType::request, DhcpType::request});
  CHECK(server.had_address.back());
  CHECK_EQ(server.client.stack.dhcp().state(), DhcpClient::State::bound);
  server.world.run(505 * kSecond);
  CHECK_EQ(server.asked.size(), 4);
}

TEST_CASE("by whichever queue the server's answers come, the first stack hears them") {
  Server server(3);
  server.client.stack.start_dhcp();
  const auto tell = [&] {  // as an interface does
    for (World::Host* const queue : server.client.queues)
      if (queue->stack.configuration() != server.client.stack.configuration())
        queue->stack.configure(server.client.stack.configuration());
    return false;
  };
  for (std::size_t renewals = 1; renewals <= 20; ++renewals) {
    server.world.run(505 * kSecond, tell);
    CHECK_EQ(server.client.stack.dhcp().state(), DhcpClient::State::bound);
    CHECK_EQ(server.asked.size(), 2 + renewals);
  }
  CHECK_EQ(std::ranges::count(server.asked, DhcpType::discover), 1);
}

TEST_CASE("a lease that nobody renews ends, and all begins anew") {
  Server server;
  server.client.stack.start_dhcp();
  REQUIRE(server.world.run(kSecond, [&] { return server.client.stack.is_configured(); }));
  server.is_there = false;
  server.world.run(990 * kSecond);
  CHECK(server.client.stack.is_configured());
  CHECK_EQ(server.client.stack.dhcp().state(), DhcpClient::State::rebinding);
  server.world.run(20 * kSecond);
  CHECK_FALSE(server.client.stack.is_configured());
  server.is_there = true;
  CHECK(server.world.run(130 * kSecond, [&] { return server.client.stack.is_configured(); }));
}

TEST_CASE("a server that is refused, or lost, is asked again and again") {
  Server server;
  server.world.cable.loss = 0.5;
  server.client.stack.start_dhcp();
  CHECK(server.world.run(3600 * kSecond, [&] { return server.client.stack.is_configured(); }));
  server.refuses = true;
  server.world.cable.loss = 0;
  CHECK(server.world.run(3600 * kSecond, [&] { return !server.client.stack.is_configured(); }));
  server.refuses = false;
  CHECK(server.world.run(3600 * kSecond, [&] { return server.client.stack.is_configured(); }));
}

TEST_CASE("a lease for ever is not renewed") {
  Server server;
  server.lease = UINT32_MAX;
  server.client.stack.start_dhcp();
  REQUIRE(server.world.run(kSecond, [&] { return server.client.stack.is_configured(); }));
  server.world.run(1'000'000 * kSecond);
  CHECK_EQ(server.asked.size(), 2);
}

TEST_CASE("an address that another has is given back, and another is asked for") {
  Server server;
  World::Host& other = server.world.add();
  other.stack.configure({kOffered, 24, kServer, {}});
  server.world.run(30 * kSecond);
  server.client.stack.start_dhcp();
  REQUIRE(server.world.run(kSecond, [&] { return server.client.stack.is_configured(); }));
  CHECK_EQ(server.client.stack.address(), kOffered);
  REQUIRE(server.world.run(kSecond, [&] { return !server.client.stack.is_configured(); }));
  REQUIRE_EQ(server.client.conflicts.size(), 1);
  CHECK_EQ(server.client.conflicts[0].first, kOffered);
  CHECK_EQ(server.client.conflicts[0].second, other.stack.mac());
  CHECK(other.conflicts.empty());  // a probe says nothing wrong about who has the address
  REQUIRE(server.world.run(15 * kSecond, [&] { return server.client.stack.is_configured(); }));
  CHECK(server.declined == std::vector{kOffered});
  server.world.run(100 * kSecond);
  CHECK_EQ(server.client.stack.address(), Ipv4Address{{10, 0, 0, 51}});
  CHECK(server.declined == std::vector{kOffered});
}

TEST_CASE("messages that make no sense are refused") {
  DhcpHeader header;
  header.operation = DhcpHeader::kReply;
  const auto good = reply_to(header, DhcpType::ack, 1);
  CHECK(parse_dhcp(good).has_value());
  CHECK_EQ(parse_dhcp(Bytes(good).first(239)).error(), Drop::too_short);
  CHECK_EQ(parse_dhcp(Bytes(good).first(good.size() - 3)).error(), Drop::bad_option);
  CHECK_EQ(parse_dhcp(Bytes(good).first(241)).error(), Drop::bad_option);
  auto other = good;
  other[0] = std::byte{1};
  CHECK_EQ(parse_dhcp(other).error(), Drop::unknown_protocol);
  other = good;
  other[236] = std::byte{0};
  CHECK_EQ(parse_dhcp(other).error(), Drop::unknown_protocol);
}

}  // namespace
}  // namespace toro::inet
