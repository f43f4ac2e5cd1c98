// The NE2000 driver: its address, frames across the ring's end, an overflow, and a card that writes nonsense.
#include "kernel/devices/network/ne2000.hpp"

#include "tests/unit/network/fake_ne2000.hpp"
#include "tests/unit/network/support.hpp"

using namespace toro;
using namespace toro::network;
using namespace toro::network::test;
using Result = Driver::Result;

namespace {

struct Started {
  Started() {
    REQUIRE(driver.prepare());
    REQUIRE(driver.start({}, buffers.pool, counters).has_value());
  }
  FakeNe2000 card;
  Buffers buffers{64};
  NetworkCounters counters;
  Ne2000 driver{card};
};

}  // namespace

TEST_CASE("ne2000: its address") {
  FakeNe2000 card;
  Ne2000 driver(card);
  REQUIRE(driver.prepare());
  CHECK(driver.identity().mac == MacAddress{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}});
}

TEST_CASE("ne2000: a card that does not answer, or has no address, is refused") {
  const auto refused = [](auto change) {
    FakeNe2000 card;
    change(card);
    Ne2000 driver(card);
    CHECK_FALSE(driver.prepare());
    return driver.failure();
  };
  CHECK(refused([](FakeNe2000& card) { card.resets = false; }) == "its registers do not answer");
  CHECK(refused([](FakeNe2000& card) { card.set_address({}); }) == "it has no Ethernet address");
  CHECK(refused([](FakeNe2000& card) { card.set_address({1, 2, 3, 4, 5, 6}); }) == "it has no Ethernet address");
  CHECK(refused([](FakeNe2000& card) { card.transfers_end = false; }) ==
        "its memory cannot be reached: a transfer did not end");
}

TEST_CASE("ne2000: frames come in order, many times round the ring") {
  Started s;
  const std::size_t sizes[] = {60, 61, 1514, 252, 1518, 248, 14};
  for (unsigned i = 0; i < 1000; ++i) {
    const auto frame = frame_of(sizes[i % std::size(sizes)], i);
    REQUIRE(s.card.deliver(frame));
    const Frame received = s.driver.receive();
    REQUIRE(received);
    CHECK(bytes_of(received) == frame);
  }
  CHECK_FALSE(s.driver.receive());
  CHECK(s.counters.received_and_dropped.malformed == 0);
}

TEST_CASE("ne2000: frames are sent, padded, one at a time") {
  Started s;
  Told told;
  Transmit transmit;
  transmit.completion = &told;
  const auto frame = frame_of(101);
  CHECK(send(s.driver, frame, transmit) == Result::taken);
  CHECK(told.times == 1);
  REQUIRE(s.card.sent.size() == 1);
  CHECK(s.card.sent[0] == frame);

  const std::array<std::span<const std::byte>, 2> parts{std::span(frame).first(15), std::span(frame).subspan(15, 6)};
  CHECK(s.driver.transmit({.parts = parts}) == Result::taken);
  auto expected = frame;
  expected.resize(21);
  expected.resize(60);
  CHECK(s.card.sent[1] == expected);

  s.card.busy = true;
  CHECK(send(s.driver, frame) == Result::taken);
  CHECK(send(s.driver, frame) == Result::full);
  CHECK_FALSE(s.driver.listen({.transmit = true}).transmit);
  s.card.finish_sending(ne2000::kTransmitError);
  CHECK(s.card.interrupts());
  CHECK(s.driver.on_interrupt()->transmit);
  CHECK_FALSE(s.card.interrupts());
  CHECK(send(s.driver, frame) == Result::taken);
  CHECK(s.counters.transmit_errors == 1);
  CHECK(send(s.driver, frame_of(1519)) == Result::refused);
}

TEST_CASE("ne2000: interrupts come once after each listen, and none is another's") {
  Started s;
  CHECK_FALSE(s.driver.on_interrupt());
  REQUIRE(s.card.deliver(frame_of(60)));
  CHECK_FALSE(s.card.interrupts());
  CHECK(s.driver.listen({.receive = true}).receive);
  CHECK(s.driver.receive());
  CHECK_FALSE(s.driver.listen({.receive = true}).receive);
  REQUIRE(s.card.deliver(frame_of(60)));
  CHECK(s.card.interrupts());
  CHECK(s.driver.on_interrupt()->receive);
  CHECK_FALSE(s.card.interrupts());
}

TEST_CASE("ne2000: after an overflow the frames that fit are there, and reception goes on") {
  Started s;
  unsigned fitted = 0;
  while (s.card.deliver(frame_of(1000, fitted))) ++fitted;
  CHECK(fitted > 10);
  for (unsigned i = 0; i < fitted; ++i) {
    const Frame frame = s.driver.receive();
    REQUIRE(frame);
    CHECK(bytes_of(frame) == frame_of(1000, i));
  }
  CHECK(s.card.waited == 1600);
  CHECK_FALSE(s.driver.receive());
  s.driver.read_counters();
  CHECK(s.counters.received_and_dropped.overrun >= 1);
  REQUIRE(s.card.deliver(frame_of(70)));
  CHECK(bytes_of(s.driver.receive()) == frame_of(70));
}

TEST_CASE("ne2000: an overflow stops what is being sent, and it is sent again") {
  Started s;
  s.card.busy = true;
  const auto frame = frame_of(100);
  CHECK(send(s.driver, frame) == Result::taken);
  while (s.card.deliver(frame_of(1000))) {
  }
  s.card.busy = false;
  CHECK(s.driver.receive());
  REQUIRE(s.card.sent.size() == 1);
  CHECK(s.card.sent[0] == frame);
}

TEST_CASE("ne2000: nonsense in the ring is given up with all that lies there") {
  const ne2000::ReceiveHeader wrong[] = {
      {.status = 1, .next_page = 0x45, .count_low = 64, .count_high = 0},
      {.status = 1, .next_page = 0x80, .count_low = 64, .count_high = 0},
      {.status = 1, .next_page = 0x48, .count_low = 17, .count_high = 0},
      {.status = 1, .next_page = 0x48, .count_low = 0xff, .count_high = 0xff},
      {.status = 0, .next_page = 0x48, .count_low = 64, .count_high = 0},
  };
  for (const auto& header : wrong) {
    Started s;
    s.card.put_header(header);
    s.card.advance();
    CHECK_FALSE(s.driver.receive());
    CHECK(s.counters.received_and_dropped.malformed == 1);
    REQUIRE(s.card.deliver(frame_of(80)));
    CHECK(bytes_of(s.driver.receive()) == frame_of(80));
  }
  Started s;
  s.card.current = 0x20;
  CHECK_FALSE(s.driver.receive());
  CHECK(s.driver.failure() == "it writes outside of its ring");
  CHECK(send(s.driver, frame_of(60)) == Result::refused);
}
