// The 8254x driver: its address, both rings, the link, and a controller that is gone or writes nonsense.
#include "kernel/devices/network/e1000.hpp"

#include <memory>

#include "tests/unit/network/fake_e1000.hpp"
#include "tests/unit/network/support.hpp"

using namespace toro;
using namespace toro::network;
using namespace toro::network::test;
using Result = Driver::Result;

namespace {

struct Started {
  Started() {
    REQUIRE(driver->prepare());
    REQUIRE(driver->start({.receive_checksum = true}, buffers.pool, counters).has_value());
  }
  FakeE1000 device;
  Buffers buffers{300};
  NetworkCounters counters;
  std::unique_ptr<E1000> driver = std::make_unique<E1000>(device);
};

}  // namespace

TEST_CASE("e1000: its address comes from the EEPROM, or from where the device copied it") {
  FakeE1000 device;
  auto driver = std::make_unique<E1000>(device);
  REQUIRE(driver->prepare());
  CHECK(driver->identity().mac == MacAddress{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}});

  struct Loaded final : E1000Window {
    std::uint32_t read(E1000Register which) override {
      if (which == E1000Register::address_low) return 0x12005452;
      if (which == E1000Register::address_high) return 0x80005634;
      return 0;
    }
    void write(E1000Register, std::uint32_t) override {}
    std::uint64_t address_of(const void*) override { return 0; }
  } loaded;
  driver = std::make_unique<E1000>(loaded);
  REQUIRE(driver->prepare());
  CHECK(driver->identity().mac == MacAddress{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}});
}

TEST_CASE("e1000: a controller without an address, or that does not answer, is refused") {
  FakeE1000 device;
  auto refused = [&] {
    const auto driver = std::make_unique<E1000>(device);
    CHECK_FALSE(driver->prepare());
    return driver->failure();
  };
  device.has_eeprom = false;
  CHECK(refused() == "it has no Ethernet address");
  device.has_eeprom = true;
  device.eeprom = {};
  CHECK(refused() == "it has no Ethernet address");
  device.eeprom = {1, 0, 0};
  CHECK(refused() == "it has no Ethernet address");
  device.resets = false;
  CHECK(refused() == "its registers do not answer");
  device.gone = true;
  CHECK(refused() == "its registers do not answer");
}

TEST_CASE("e1000: frames come in order, many times round the ring") {
  Started s;
  const std::size_t sizes[] = {14, 60, 1514, 1518};
  for (unsigned i = 0; i < 2000; ++i) {
    const auto frame = frame_of(sizes[i % std::size(sizes)], i);
    REQUIRE(s.device.deliver(frame));
    const Frame received = s.driver->receive();
    REQUIRE(received);
    CHECK(bytes_of(received) == frame);
  }
  CHECK_FALSE(s.driver->receive());
}

TEST_CASE("e1000: frames that are kept keep their buffers, and what finds none is counted") {
  Started s;
  std::vector<Frame> kept;
  while (s.device.deliver(frame_of(60, static_cast<unsigned>(kept.size())))) {
    kept.push_back(s.driver->receive());
    REQUIRE(kept.back());
  }
  CHECK(kept.size() == 300);
  for (unsigned i = 0; i < kept.size(); ++i) CHECK(bytes_of(kept[i]) == frame_of(60, i));
  s.driver->read_counters();
  CHECK(s.counters.received_and_dropped.overrun == 1);
  kept.clear();
  CHECK_FALSE(s.driver->receive());
  CHECK(s.device.deliver(frame_of(60)));
}

TEST_CASE("e1000: nonsense and damage are dropped and counted") {
  Started s;
  using namespace e1000;
  constexpr std::uint8_t kGood = kReceivedDone | kReceivedEnd;
  REQUIRE(s.device.deliver(frame_of(60), kReceivedDone));
  REQUIRE(s.device.deliver(frame_of(60), kGood, 0, 13));
  REQUIRE(s.device.deliver(frame_of(60), kGood, 0, 65535));
  REQUIRE(s.device.deliver(frame_of(60), kGood, 1));
  REQUIRE(s.device.deliver(frame_of(60), kGood | kReceivedChecksumTaken));
  const Frame frame = s.driver->receive();
  REQUIRE(frame);
  CHECK(frame.description().checksum == Frame::Checksum::verified);
  CHECK(s.counters.received_and_dropped.malformed == 3);
  CHECK(s.counters.receive_errors == 1);
  REQUIRE(s.device.deliver(frame_of(60), kGood | kReceivedChecksumTaken, kErrorChecksum));
  CHECK(s.driver->receive().description().checksum == Frame::Checksum::unknown);
}

TEST_CASE("e1000: frames of several parts are sent, and told when they are") {
  Started s;
  for (unsigned i = 0; i < 1000; ++i) {
    const auto frame = frame_of(900, i);
    const std::span<const std::byte> whole = frame;
    const std::array parts{whole.first(14), whole.subspan(14, 20), whole.subspan(34)};
    Told told;
    const std::size_t count = i % 3 + 1;
    const std::array<std::span<const std::byte>, 3> joined{whole.first(14), whole.subspan(14)};
    const std::span<const std::span<const std::byte>> chosen = count == 3   ? std::span(parts)
                                                               : count == 2 ? std::span(joined).first(2)
                                                                            : std::span(&whole, 1);
    REQUIRE(s.driver->transmit({.parts = chosen, .completion = &told}) == Result::taken);
    CHECK(s.device.sent.size() == i);
    s.driver->kick();
    REQUIRE(s.device.sent.size() == i + 1);
    CHECK(s.device.sent.back() == frame);
    s.driver->reclaim();
    CHECK(told.times == 1);
  }
}

TEST_CASE("e1000: a full ring says so, and interrupts when there is room") {
  Started s;
  s.device.stopped = true;
  const auto frame = frame_of(60);
  unsigned count = 0;
  while (send(*s.driver, frame) == Result::taken) ++count;
  CHECK(count == E1000::kTransmitSize - 1);
  CHECK_FALSE(s.driver->listen({.transmit = true}).transmit);
  CHECK_FALSE(s.device.interrupts());
  s.device.stopped = false;
  s.device.run();
  CHECK(s.device.interrupts());
  CHECK(s.driver->on_interrupt()->transmit);
  CHECK_FALSE(s.device.interrupts());
  CHECK(send(*s.driver, frame) == Result::taken);
}

TEST_CASE("e1000: interrupts come once after each listen, and none is another's") {
  Started s;
  CHECK_FALSE(s.driver->on_interrupt());
  REQUIRE(s.device.deliver(frame_of(60)));
  CHECK_FALSE(s.device.interrupts());
  CHECK(s.driver->listen({.receive = true}).receive);
  CHECK(s.driver->receive());
  CHECK_FALSE(s.driver->listen({.receive = true}).receive);
  CHECK_FALSE(s.device.interrupts());
  REQUIRE(s.device.deliver(frame_of(60)));
  CHECK(s.device.interrupts());
  CHECK(s.driver->on_interrupt()->receive);
  CHECK_FALSE(s.device.interrupts());
  REQUIRE(s.device.deliver(frame_of(60)));
  CHECK_FALSE(s.device.interrupts());
}

TEST_CASE("e1000: the link goes and comes, also between two looks") {
  Started s;
  CHECK(s.driver->link() == LinkState::up);
  s.device.set_link(false);
  CHECK(s.device.interrupts());
  CHECK(s.driver->on_interrupt()->link);
  CHECK(s.driver->link() == LinkState::down);
  s.device.set_link(true);
  CHECK(s.driver->listen({.receive = true}).link);
  CHECK(s.driver->link() == LinkState::up);
}

TEST_CASE("e1000: a controller that goes ends its driver") {
  Started s;
  s.device.gone = true;
  CHECK(s.driver->on_interrupt()->receive);
  CHECK(s.driver->failure() == "its registers do not answer");
  CHECK(send(*s.driver, frame_of(60)) == Result::refused);
  CHECK_FALSE(s.driver->receive());
  CHECK(s.driver->listen({.receive = true}).receive);
}
