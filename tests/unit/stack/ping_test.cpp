// Echo requests of ours, and their replies.
#include <doctest/doctest.h>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

TEST_CASE("a neighbour answers a ping, whole or in fragments, and the round trip is told") {
  World world;
  World::Host& asking = world.add().configured();
  World::Host& asked = world.add().configured();
  for (const std::size_t size : {std::size_t{0}, std::size_t{56}, std::size_t{4000}}) {
    Ping ping(asking.stack);
    Ping other(asking.stack);
    CHECK(ping.send(asked.address(), size).has_value());
    CHECK(world.run(kSecond, [&] { return ping.round_trip().has_value(); }));
    CHECK_GE(*ping.round_trip(), 2 * world.cable.delay);
    CHECK_FALSE(other.round_trip().has_value());
  }
}

TEST_CASE("a reply that is nobody's, or comes too late, is passed over") {
  World world;
  World::Host& asking = world.add().configured();
  World::Host& asked = world.add().configured();
  {
    Ping ping(asking.stack);
    CHECK(ping.send(asked.address(), 8).has_value());
  }
  CHECK_FALSE(world.run(kSecond));
}

TEST_CASE("a ping says what cannot be sent") {
  World world;
  World::Host& host = world.add();
  Ping ping(host.stack);
  CHECK_EQ(ping.send({{10, 0, 0, 2}}, 8).error(), Error::network_unreachable);
  CHECK_EQ(ping.send({{127, 0, 0, 1}}, Ping::kMostPayload + 1).error(), Error::message_size);
  CHECK(ping.send({{127, 0, 0, 1}}, 8).has_value());
  host.stack.pump();
  CHECK(ping.round_trip().has_value());
}

}  // namespace
}  // namespace toro::inet
