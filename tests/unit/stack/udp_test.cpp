// UDP between two stacks, and within one.
#include <doctest/doctest.h>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

using Take = UdpSocket::Take;

struct Two {
  World world;
  World::Host& a = world.add().configured();
  World::Host& b = world.add().configured();
};

TEST_CASE("datagrams of every size arrive, over a cable that reorders and duplicates") {
  Two two;
  two.world.cable = {.duplication = 0.2, .reordering = 0.5};
  UdpSocket receiver(two.b.stack.udp(), nullptr);
  REQUIRE(receiver.bind({kAnyAddress, 9}).has_value());
  UdpSocket sender(two.a.stack.udp(), nullptr);
  std::vector<std::byte> buffer(70000);
  for (const std::size_t size : {0U, 1U, 1472U, 1473U, 5000U, 65507U}) {
    CAPTURE(size);
    const auto data = random_bytes(size, size);
    REQUIRE(sender.send(Endpoint{two.b.address(), 9}, data).has_value());
    REQUIRE(two.world.run(5 * kSecond, [&] { return receiver.is_readable(); }));
    const auto received = receiver.receive(buffer, Take::away);
    REQUIRE(received.has_value());
    CHECK_EQ(received->size, size);
    CHECK_EQ(received->from, Endpoint{two.a.address(), sender.local().port});
    CHECK(std::ranges::equal(Bytes(buffer).first(size), data));
    two.world.run(kSecond);
    while (receiver.receive(buffer, Take::away)) {
    }
  }
  CHECK_EQ(sender.send(Endpoint{two.b.address(), 9}, Bytes(buffer).first(65508)).error(), Error::message_size);
}

TEST_CASE("a queue that is full loses the next, and takes more when it was read") {
  Two two;
  UdpSocket receiver(two.b.stack.udp(), nullptr);
  REQUIRE(receiver.bind({kAnyAddress, 9}).has_value());
  UdpSocket sender(two.a.stack.udp(), nullptr);
  const auto data = random_bytes(1000, 1);
  for (int i = 0; i < 1000; ++i) {
    static_cast<void>(sender.send(Endpoint{two.b.address(), 9}, data));
    two.world.run(10 * kMillisecond);
  }
  std::array<std::byte, 1000> buffer;
  std::size_t count = 0;
  while (receiver.receive(buffer, Take::away)) ++count;
  CHECK_GT(count, 150);
  CHECK_LT(count, 213);
}

TEST_CASE("a connected socket takes only its peer's, and hears that nobody is there") {
  Two two;
  UdpSocket socket(two.a.stack.udp(), nullptr);
  REQUIRE(socket.connect({two.b.address(), 9}).has_value());
  REQUIRE(socket.send(std::nullopt, {}).has_value());
  REQUIRE(two.world.run(kSecond, [&] { return socket.is_readable(); }));
  std::array<std::byte, 8> buffer;
  CHECK_EQ(socket.receive(buffer, Take::away).error(), Error::connection_refused);
  UdpSocket stranger(two.b.stack.udp(), nullptr);
  REQUIRE(stranger.send(Endpoint{two.a.address(), socket.local().port}, {}).has_value());
  CHECK_FALSE(two.world.run(kSecond, [&] { return socket.is_readable(); }));
}

TEST_CASE("ports are one socket's, unless both share") {
  Two two;
  UdpSocket first(two.a.stack.udp(), nullptr);
  UdpSocket second(two.a.stack.udp(), nullptr);
  REQUIRE(first.bind({kAnyAddress, 9}).has_value());
  CHECK_EQ(second.bind({two.a.address(), 9}).error(), Error::address_in_use);
  CHECK_EQ(second.bind({two.b.address(), 8}).error(), Error::address_not_available);
  first.set_reuse(Reuse::address);
  second.set_reuse(Reuse::address);
  CHECK(second.bind({two.a.address(), 9}).has_value());
  CHECK_EQ(second.bind({kAnyAddress, 10}).error(), Error::invalid);
}

TEST_CASE("a machine reaches itself, by both of its names") {
  World world;
  auto& host = world.add().configured();
  UdpSocket receiver(host.stack.udp(), nullptr);
  REQUIRE(receiver.bind({kAnyAddress, 9}).has_value());
  UdpSocket sender(host.stack.udp(), nullptr);
  for (const Ipv4Address to : {Ipv4Address{{127, 0, 0, 1}}, host.address()}) {
    REQUIRE(sender.send(Endpoint{to, 9}, random_bytes(3000, 1)).has_value());
    host.stack.pump();
    std::array<std::byte, 3000> buffer;
    const auto received = receiver.receive(buffer, Take::away);
    REQUIRE(received.has_value());
    CHECK_EQ(received->size, 3000);
    CHECK_EQ(received->from.address, to);
  }
}

}  // namespace
}  // namespace toro::inet
