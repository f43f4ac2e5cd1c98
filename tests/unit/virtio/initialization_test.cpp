// The initialisation sequence, and how it ends when the device does not play along.
#include "kernel/devices/virtio/initialization.hpp"

#include <doctest/doctest.h>

#include "tests/unit/virtio/fake_transport.hpp"

using namespace toro::virtio;
using toro::virtio::test::FakeTransport;

namespace {

enum class OwnFeature : std::uint8_t { first = 0, second = 1 };

const auto kNothing = [](Features) -> std::expected<void, Error> { return {}; };

}  // namespace

TEST_CASE("virtio initialization: the order of the specification") {
  FakeTransport transport;
  transport.offered = transport.offered.with(OwnFeature::second).with(Feature::event_index);
  bool ready_before_queues = true;
  const auto agreed =
      initialize(transport, Features{}.with(OwnFeature::first).with(OwnFeature::second), {}, [&](Features features) {
        ready_before_queues = transport.current.has(StatusBit::driver_ok);
        CHECK(features.has(OwnFeature::second));
        return std::expected<void, Error>{};
      });
  REQUIRE(agreed.has_value());
  CHECK(agreed->bits == Features{}.with(OwnFeature::second).with(Feature::version1).bits);
  CHECK(transport.accepted.bits == agreed->bits);
  CHECK_FALSE(ready_before_queues);
  CHECK(transport.statuses == std::vector<std::uint8_t>{0, 1, 3, 11, 15});
}

TEST_CASE("virtio initialization: failures mark the device and take its queues away") {
  FakeTransport transport;
  SUBCASE("version 1 is required") {
    transport.offered = {};
    CHECK(initialize(transport, {}, {}, kNothing).error() == Error::feature_missing);
  }
  SUBCASE("a required feature is missing") {
    CHECK(initialize(transport, {}, Features{}.with(OwnFeature::first), kNothing).error() == Error::feature_missing);
  }
  SUBCASE("the device refuses") {
    transport.accepts_features = false;
    CHECK(initialize(transport, {}, {}, kNothing).error() == Error::features_refused);
  }
  SUBCASE("the reset never ends") {
    transport.resets = false;
    transport.current.bits = 15;
    CHECK(initialize(transport, {}, {}, kNothing).error() == Error::reset_timeout);
  }
  SUBCASE("the driver's own part fails") {
    CHECK(initialize(transport, {}, {}, [](Features) -> std::expected<void, Error> {
            return std::unexpected(Error::configuration_invalid);
          }).error() == Error::configuration_invalid);
  }
  CHECK(transport.statuses.back() == 128);
  CHECK(transport.statuses[transport.statuses.size() - 2] == 0);
}

TEST_CASE("virtio initialization: a queue takes the size that both can") {
  FakeTransport transport;
  QueueMemory<16> memory;
  SplitQueue queue;
  transport.queues[7].limit = 100;
  REQUIRE(set_up_queue(transport, 7, queue, memory.view()).has_value());
  CHECK(queue.size() == 16);
  CHECK(transport.queues[7].at.size == 16);
  CHECK(transport.queues[7].at.descriptors == reinterpret_cast<std::uintptr_t>(memory.descriptors.data()));
  CHECK(set_up_queue(transport, 7, queue, memory.view()).error() == Error::queue_in_use);

  transport.queues[8].limit = 7;
  REQUIRE(set_up_queue(transport, 8, queue, memory.view()).has_value());
  CHECK(queue.size() == 4);

  transport.queues[9].limit = 0;
  CHECK(set_up_queue(transport, 9, queue, memory.view()).error() == Error::queue_absent);
}

TEST_CASE("virtio initialization: configuration fields belong together or are refused") {
  FakeTransport transport;
  transport.configuration[4] = 31;
  const auto read = [](Transport& t) { return t.configuration32(4); };
  CHECK(transport.read_configuration(read) == 31);

  std::uint32_t generation = 0;
  transport.generation = [&] { return generation < 3 ? ++generation : generation; };
  CHECK(transport.read_configuration(read) == 31);
  transport.generation = [&] { return ++generation; };
  CHECK(transport.read_configuration(read).error() == Error::configuration_unstable);
}
