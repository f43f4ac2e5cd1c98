// Several stacks with one address, whose device gives each frame to any of them.
#include <doctest/doctest.h>

#include <map>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

using Take = UdpSocket::Take;

constexpr std::size_t kStacks = 3;

struct Steered3 {
  World world;
  World::Host& peer = world.add().configured();
  World::Host& host = world.add_queues(kStacks);

  Stack& stack(std::size_t index) { return host.queues[index]->stack; }

  /// Sends bytes, and has the other side, whose connection this is, receive them.
  void check_transfer(TcpConnection& from, TcpConnection& to, std::size_t size) {
    const auto data = random_bytes(size, size);
    std::vector<std::byte> got(size);
    std::size_t sent = 0, received = 0;
    REQUIRE(world.run(60 * kSecond, [&] {
      if (sent < size) sent += from.send(Bytes(data).subspan(sent)).value_or(0);
      received += to.receive(MutableBytes(got).subspan(received), TcpConnection::Take::away).value_or(0);
      return received == size;
    }));
    CHECK(got == data);
  }
};

TEST_CASE("steering: who listens at the same port on each stack has a part of the connections, each whole") {
  Steered3 s;
  std::vector<std::unique_ptr<TcpListener>> listeners;
  for (std::size_t i = 0; i < kStacks; ++i) {
    listeners.push_back(std::make_unique<TcpListener>(s.stack(i).tcp(), nullptr));
    REQUIRE(listeners.back()->listen({kAnyAddress, 80}, 64, Reuse::port).has_value());
  }
  std::array<int, kStacks> accepted{};
  for (int i = 0; i < 60; ++i) {
    TcpConnection* const mine = s.peer.stack.tcp().connect({}, {s.host.address(), 80}, nullptr).value();
    TcpConnection* theirs = nullptr;
    REQUIRE(s.world.run(5 * kSecond, [&] {
      for (std::size_t at = 0; at < kStacks && theirs == nullptr; ++at)
        if (const auto connection = listeners[at]->accept()) {
          theirs = *connection;
          ++accepted[at];
        }
      return theirs != nullptr;
    }));
    s.check_transfer(*mine, *theirs, 20'000);
    s.check_transfer(*theirs, *mine, 20'000);
    mine->close();
    theirs->close();
  }
  for (const int count : accepted) CHECK(count > 5);
}

TEST_CASE("steering: a listener of one stack alone gets all connections, and SYN cookies come back to it") {
  for (std::size_t at = 0; at < kStacks; ++at) {
    Steered3 s;
    TcpListener listener(s.stack(at).tcp(), nullptr);
    REQUIRE(listener.listen({kAnyAddress, 80}, 1).has_value());
    std::vector<TcpConnection*> mine;
    for (int i = 0; i < 20; ++i)
      mine.push_back(s.peer.stack.tcp().connect({}, {s.host.address(), 80}, nullptr).value());
    std::vector<TcpConnection*> theirs;
    std::vector<bool> has_sent(mine.size());
    REQUIRE(s.world.run(60 * kSecond, [&] {
      // Data, that an acknowledgment which found no room is said again.
      for (std::size_t i = 0; i < mine.size(); ++i)
        if (!has_sent[i] && !mine[i]->is_connecting()) has_sent[i] = mine[i]->send(random_bytes(1, i)).has_value();
      while (const auto connection = listener.accept()) theirs.push_back(*connection);
      return theirs.size() == mine.size();
    }));
    for (TcpConnection* const connection : theirs) connection->close();
    for (TcpConnection* const connection : mine) connection->close();
  }
}

TEST_CASE("steering: a connection that a stack begins is its own") {
  Steered3 s;
  TcpListener listener(s.peer.stack.tcp(), nullptr);
  REQUIRE(listener.listen({kAnyAddress, 80}, 64).has_value());
  for (std::size_t i = 0; i < 5 * kStacks; ++i) {
    Stack& stack = s.stack(i % kStacks);
    TcpConnection* const mine = stack.tcp().connect({}, {s.peer.address(), 80}, nullptr).value();
    CHECK(stack.steering().owner_of(mine->local(), mine->remote()) == i % kStacks);
    TcpConnection* theirs = nullptr;
    REQUIRE(s.world.run(5 * kSecond, [&] { return (theirs = listener.accept().value_or(nullptr)) != nullptr; }));
    s.check_transfer(*mine, *theirs, 5'000);
    mine->close();
    theirs->close();
  }
}

TEST_CASE("steering: stacks reach each other's sockets") {
  Steered3 s;
  TcpListener listener(s.stack(0).tcp(), nullptr);
  REQUIRE(listener.listen({kAnyAddress, 80}, 64).has_value());
  for (const Ipv4Address address : {Ipv4Address{{127, 0, 0, 1}}, s.host.address()}) {
    TcpConnection* const mine = s.stack(1).tcp().connect({}, {address, 80}, nullptr).value();
    TcpConnection* theirs = nullptr;
    REQUIRE(s.world.run(5 * kSecond, [&] { return (theirs = listener.accept().value_or(nullptr)) != nullptr; }));
    s.check_transfer(*mine, *theirs, 50'000);
    s.check_transfer(*theirs, *mine, 50'000);
    mine->close();
    theirs->close();
  }
}

TEST_CASE("steering: what nobody wants is refused once") {
  Steered3 s;
  std::map<Protocol, int> answers;
  s.world.filter = [&](Frame& frame) {
    const auto* const header = header_of<Ipv4Header>(Bytes(frame).subspan(sizeof(EthernetHeader)));
    if (header_of<EthernetHeader>(Bytes(frame))->type == EthernetHeader::kIpv4 && header->source == s.host.address())
      ++answers[header->protocol];
    return true;
  };
  for (int i = 1; i <= 20; ++i) {
    TcpConnection* const refused = s.peer.stack.tcp().connect({}, {s.host.address(), 80}, nullptr).value();
    REQUIRE(s.world.run(5 * kSecond, [&] { return !refused->is_connecting(); }));
    CHECK(refused->take_error() == Error::connection_refused);
    refused->close();
    UdpSocket socket(s.peer.stack.udp(), nullptr);
    REQUIRE(socket.connect({s.host.address(), 9}).has_value());
    REQUIRE(socket.send(std::nullopt, random_bytes(100, 1)).has_value());
    REQUIRE(s.world.run(5 * kSecond, [&] { return socket.is_readable(); }));
    CHECK(socket.take_error() == Error::connection_refused);
    CHECK(answers[Protocol::tcp] == i);
    CHECK(answers[Protocol::icmp] == i);
  }
}

TEST_CASE("steering: datagrams find the one socket that wants them, in one piece or in many") {
  Steered3 s;
  UdpSocket far(s.peer.stack.udp(), nullptr);
  REQUIRE(far.bind({kAnyAddress, 9}).has_value());
  for (std::size_t at = 0; at < kStacks; ++at) {
    UdpSocket near(s.stack(at).udp(), nullptr);
    REQUIRE(near.bind({kAnyAddress, 7}).has_value());
    std::vector<std::byte> buffer(70'000);
    for (const std::size_t size : {1U, 1400U, 60'000U}) {
      const auto data = random_bytes(size, size);
      REQUIRE(far.send(Endpoint{s.host.address(), 7}, data).has_value());
      REQUIRE(s.world.run(5 * kSecond, [&] { return near.is_readable(); }));
      CHECK(near.receive(buffer, Take::away)->size == size);
      CHECK(std::ranges::equal(Bytes(buffer).first(size), data));
      REQUIRE(near.send(Endpoint{s.peer.address(), 9}, data).has_value());
      REQUIRE(s.world.run(5 * kSecond, [&] { return far.is_readable(); }));
      CHECK(far.receive(buffer, Take::away)->size == size);
      CHECK(std::ranges::equal(Bytes(buffer).first(size), data));
    }
  }
}

TEST_CASE("steering: a datagram of a flow always goes to the same one of those that share a port") {
  Steered3 s;
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  for (std::size_t i = 0; i < kStacks; ++i) {
    sockets.push_back(std::make_unique<UdpSocket>(s.stack(i).udp(), nullptr));
    REQUIRE(sockets.back()->bind({kAnyAddress, 7}).has_value());
  }
  std::array<int, kStacks> flows{};
  std::array<std::byte, 10> buffer;
  for (int flow = 0; flow < 30; ++flow) {
    UdpSocket far(s.peer.stack.udp(), nullptr);
    for (int i = 0; i < 5; ++i) REQUIRE(far.send(Endpoint{s.host.address(), 7}, random_bytes(10, 1)).has_value());
    s.world.run(kSecond);
    std::vector<int> counts;
    for (std::size_t i = 0; i < kStacks; ++i) {
      counts.push_back(0);
      while (sockets[i]->receive(buffer, Take::away)) ++counts.back();
      if (counts.back() == 5) ++flows[i];
    }
    CHECK(std::ranges::count(counts, 5) == 1);
  }
  for (const int count : flows) CHECK(count > 1);
}

TEST_CASE("steering: a broadcast is for the sockets of all stacks") {
  Steered3 s;
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  for (std::size_t i = 0; i < kStacks; ++i) {
    sockets.push_back(std::make_unique<UdpSocket>(s.stack(i).udp(), nullptr));
    REQUIRE(sockets.back()->bind({kAnyAddress, 7}).has_value());
  }
  UdpSocket far(s.peer.stack.udp(), nullptr);
  for (const std::size_t size : {10U, 5'000U}) {
    REQUIRE(far.send(Endpoint{Ipv4Address{{10, 0, 0, 255}}, 7}, random_bytes(size, 1)).has_value());
    s.world.run(kSecond);
    std::vector<std::byte> buffer(70'000);
    for (const auto& socket : sockets) {
      CHECK(socket->receive(buffer, Take::away)->size == size);
      CHECK_FALSE(socket->receive(buffer, Take::away));
    }
  }
}

TEST_CASE("steering: an echo is answered once, and a reply reaches who asked") {
  Steered3 s;
  for (std::size_t i = 0; i < kStacks; ++i) {
    Ping out(s.stack(i));
    REQUIRE(out.send(s.peer.address(), i % 2 == 0 ? 100 : 3'000).has_value());
    REQUIRE(s.world.run(5 * kSecond, [&] { return out.round_trip().has_value(); }));
    Ping in(s.peer.stack);
    REQUIRE(in.send(s.host.address(), 3'000).has_value());
    REQUIRE(s.world.run(5 * kSecond, [&] { return in.round_trip().has_value(); }));
  }
}

TEST_CASE("steering: what one stack hears of a neighbour all know, and one answers") {
  Steered3 s;
  int requests = 0, replies = 0;
  s.world.filter = [&](Frame& frame) {
    const auto* const arp = header_of<ArpPacket>(Bytes(frame).subspan(sizeof(EthernetHeader)));
    if (header_of<EthernetHeader>(Bytes(frame))->type == EthernetHeader::kArp)
      ++(arp->operation == ArpPacket::kRequest ? requests : replies);
    return true;
  };
  Ping in(s.peer.stack);
  REQUIRE(in.send(s.host.address(), 100).has_value());
  REQUIRE(s.world.run(5 * kSecond, [&] { return in.round_trip().has_value(); }));
  CHECK(requests == 1);
  CHECK(replies == 1);
  for (std::size_t i = 0; i < kStacks; ++i) {
    Ping out(s.stack(i));
    REQUIRE(out.send(s.peer.address(), 100).has_value());
    REQUIRE(s.world.run(5 * kSecond, [&] { return out.round_trip().has_value(); }));
  }
  CHECK(requests == 1);
}

TEST_CASE("steering: what a router says of a path reaches the stack whose connection goes there") {
  constexpr std::size_t kPathMtu = 1000;
  for (std::size_t at = 0; at < kStacks; ++at) {
    Steered3 s;
    std::vector<Frame> told;
    s.world.filter = [&](Frame& frame) {
      const auto* const header = header_of<Ipv4Header>(Bytes(frame).subspan(sizeof(EthernetHeader)));
      if (header_of<EthernetHeader>(Bytes(frame))->type != EthernetHeader::kIpv4 || header->length <= kPathMtu)
        return true;
      CHECK((header->fragment & Ipv4Header::kDontFragment) != 0);
      std::vector<std::byte> message(sizeof(IcmpHeader));
      *header_of<IcmpHeader>(MutableBytes(message)) = {
          .type = IcmpHeader::kUnreachable,
          .code = static_cast<std::uint8_t>(Unreachable::fragmentation_needed),
          .word2 = static_cast<std::uint16_t>(kPathMtu)};
      const Bytes quoted = Bytes(frame).subspan(sizeof(EthernetHeader), sizeof(Ipv4Header) + 8);
      message.insert(message.end(), quoted.begin(), quoted.end());
      header_of<IcmpHeader>(MutableBytes(message))->checksum = checksum_of(message);
      told.push_back(packet_of(
          {.protocol = Protocol::icmp, .source = Ipv4Address{{10, 0, 0, 254}}, .destination = s.host.address()},
          message, s.stack(0).mac()));
      return false;
    };
    TcpListener listener(s.peer.stack.tcp(), nullptr);
    REQUIRE(listener.listen({kAnyAddress, 80}, 1).has_value());
    TcpConnection* const mine = s.stack(at).tcp().connect({}, {s.peer.address(), 80}, nullptr).value();
    TcpConnection* theirs = nullptr;
    REQUIRE(s.world.run(5 * kSecond, [&] { return (theirs = listener.accept().value_or(nullptr)) != nullptr; }));
    const auto data = random_bytes(50'000, at);
    std::vector<std::byte> got(data.size());
    std::size_t sent = 0, received = 0;
    const std::uint64_t begin = s.world.now();
    REQUIRE(s.world.run(60 * kSecond, [&] {
      for (const Frame& frame : std::exchange(told, {})) s.stack((at + 1) % kStacks).input(frame);
      if (sent < data.size()) sent += mine->send(Bytes(data).subspan(sent)).value_or(0);
      received += theirs->receive(MutableBytes(got).subspan(received), TcpConnection::Take::away).value_or(0);
      return received == data.size();
    }));
    CHECK(got == data);
    CHECK(s.world.now() - begin < 5 * kSecond);
    mine->abort();
    theirs->abort();
  }
}

TEST_CASE("steering: who refuses a datagram is heard by the socket that sent it") {
  Steered3 s;
  for (std::size_t i = 0; i < 5 * kStacks; ++i) {
    UdpSocket socket(s.stack(i % kStacks).udp(), nullptr);
    REQUIRE(socket.connect({s.peer.address(), 9}).has_value());
    REQUIRE(socket.send(std::nullopt, random_bytes(100, 1)).has_value());
    REQUIRE(s.world.run(5 * kSecond, [&] { return socket.is_readable(); }));
    CHECK(socket.take_error() == Error::connection_refused);
  }
}

TEST_CASE("steering: a conflict is told once, whichever stack hears of it") {
  for (std::size_t at = 0; at < kStacks; ++at) {
    Steered3 s;
    const MacAddress other{{2, 0, 0, 0, 0, 77}};
    const ArpPacket claim{
        .operation = ArpPacket::kRequest, .sender_mac = other, .sender = s.host.address(), .target = s.host.address()};
    s.stack(at).input(frame_of(kBroadcastMac, other, EthernetHeader::kArp, bytes_of(claim)));
    s.world.run(kSecond);
    std::size_t told = 0;
    for (const World::Host* const queue : s.host.queues) told += queue->conflicts.size();
    CHECK(told == 1);
  }
}

TEST_CASE("steering: listeners of one stack that share a port have a part of the connections each") {
  World world;
  World::Host& peer = world.add().configured();
  World::Host& host = world.add().configured();
  TcpListener first(host.stack.tcp(), nullptr), second(host.stack.tcp(), nullptr), third(host.stack.tcp(), nullptr);
  REQUIRE(first.listen({kAnyAddress, 80}, 64, Reuse::port).has_value());
  REQUIRE(second.listen({kAnyAddress, 80}, 64, Reuse::port).has_value());
  CHECK(third.listen({kAnyAddress, 80}, 64, Reuse::address).error() == Error::address_in_use);
  std::array<int, 2> accepted{};
  for (int i = 0; i < 40; ++i) {
    TcpConnection* const mine = peer.stack.tcp().connect({}, {host.address(), 80}, nullptr).value();
    REQUIRE(world.run(5 * kSecond, [&] { return !mine->is_connecting(); }));
    world.run(kSecond);
    for (TcpListener* const listener : {&first, &second})
      while (const auto connection = listener->accept()) {
        ++accepted[listener == &first ? 0 : 1];
        (*connection)->abort();
      }
    mine->abort();
  }
  CHECK(accepted[0] + accepted[1] == 40);
  CHECK(std::min(accepted[0], accepted[1]) > 5);
}

}  // namespace
}  // namespace toro::inet
