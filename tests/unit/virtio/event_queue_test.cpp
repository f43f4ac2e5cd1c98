// Indirect descriptors and event index, as the device sees them.
#include "kernel/devices/virtio/event_queue.hpp"

#include <doctest/doctest.h>

#include "tests/unit/virtio/fake_transport.hpp"

using namespace toro::virtio;
using toro::virtio::test::FakeTransport;

namespace {

constexpr std::uint16_t kSize = 4;
constexpr std::uint16_t kLongest = 6;

struct Ring {
  explicit Ring(Features agreed) {
    const auto addresses = queue.attach(memory.view(), kSize);
    REQUIRE(addresses.has_value());
    static_cast<void>(device.enable_queue(0, *addresses));
    device.accepted = agreed;
    queue.use(agreed, tables, kLongest);
  }

  QueueMemory<kSize> memory;
  std::array<Descriptor, kSize * kLongest> tables{};
  EventQueue queue;
  FakeTransport device;
  std::array<std::byte, 64> buffer{};
};

constexpr Features kIndirect = Features{}.with(Feature::indirect_descriptors);
constexpr Features kEvents = Features{}.with(Feature::event_index);

}  // namespace

TEST_CASE("virtio event queue: a long chain takes one descriptor, and the device finds all of it") {
  Ring ring(kIndirect);
  const std::array<std::span<const std::byte>, 2> readable{std::span(ring.buffer).first(3),
                                                           std::span(ring.buffer).first(5)};
  const std::array<std::span<std::byte>, 3> writable{std::span(ring.buffer).subspan(8, 7),
                                                     std::span(ring.buffer).subspan(16, 9),
                                                     std::span(ring.buffer).subspan(32, 1)};
  for (std::uint64_t i = 0; i < kSize; ++i) REQUIRE(ring.queue.submit(readable, writable, i).has_value());
  CHECK(ring.queue.free_descriptors() == 0);
  CHECK(ring.queue.submit(readable, writable, 9).error() == Error::queue_full);
  CHECK(ring.queue.publish());
  for (std::uint64_t i = 0; i < kSize; ++i) {
    const auto chain = ring.device.pop(0);
    REQUIRE(chain.has_value());
    REQUIRE(chain->readable.size() == 2);
    REQUIRE(chain->writable.size() == 3);
    CHECK(chain->readable[1].size() == 5);
    CHECK(chain->writable[2].data() == ring.buffer.data() + 32);
    ring.device.push(0, chain->head, 17);
    const auto completion = ring.queue.poll();
    REQUIRE((completion && *completion));
    CHECK((*completion)->cookie == i);
    CHECK((*completion)->written == 17);
  }
  CHECK(ring.queue.free_descriptors() == kSize);
}

TEST_CASE("virtio event queue: what fits no table lies in the ring, and the rules for segments stay") {
  Ring ring(kIndirect);
  const std::array<std::span<std::byte>, 7> seven{ring.buffer, ring.buffer, ring.buffer, ring.buffer,
                                                  ring.buffer, ring.buffer, ring.buffer};
  CHECK(ring.queue.submit({}, seven, 0).error() == Error::queue_full);  // longer than a table, and than the ring
  CHECK(ring.queue.submit({}, std::span(seven).first(6), 0).has_value());
  CHECK(ring.queue.free_descriptors() == kSize - 1);
  const std::array<std::span<std::byte>, 2> empty{ring.buffer, std::span<std::byte>{}};
  CHECK(ring.queue.submit({}, empty, 0).error() == Error::invalid_argument);
  CHECK(ring.queue.free_descriptors() == kSize - 1);

  Ring direct({});
  CHECK(direct.queue.submit({}, std::span(seven).first(3), 0).has_value());
  CHECK(direct.queue.free_descriptors() == kSize - 3);
}

TEST_CASE("virtio event queue: the device is notified when it wants to be") {
  Ring ring(kEvents);
  const auto publish = [&](int chains) {
    for (int i = 0; i < chains; ++i) REQUIRE(ring.queue.submit_writable(ring.buffer, 0).has_value());
    return ring.queue.publish();
  };
  const auto drain = [&] {
    while (const auto chain = ring.device.pop(0)) {
      ring.device.push(0, chain->head, 0);
      REQUIRE(ring.queue.poll().has_value());
    }
  };
  std::uint16_t& wanted = ring.device.queues[0].wanted_index();
  CHECK(publish(1));  // wanted: entry 0
  CHECK_FALSE(publish(1));
  CHECK_FALSE(ring.queue.publish());
  drain();
  wanted = 4;
  CHECK_FALSE(publish(2));  // entries 2 and 3
  drain();
  CHECK(publish(3));  // 4, 5 and 6
  drain();
  wanted = 0x8000;
  for (unsigned i = 7; i < 0x18000; ++i) {
    CHECK(publish(1) == ((i & 0xffff) == 0x8000));
    drain();
  }
}

TEST_CASE("virtio event queue: an interrupt comes for the first completion after the driver listens") {
  Ring ring(kEvents);
  for (std::uint64_t i = 0; i < 4; ++i) REQUIRE(ring.queue.submit_writable(ring.buffer, i).has_value());
  static_cast<void>(ring.queue.publish());
  const auto finish = [&] { ring.device.push(0, ring.device.pop(0)->head, 0); };
  finish();
  CHECK(ring.device.take_interrupt().queue);
  finish();
  CHECK_FALSE(ring.device.take_interrupt().queue);  // the driver has not said that it took the first
  CHECK((*ring.queue.poll())->cookie == 0);
  CHECK(ring.queue.listen());  // another one is there
  CHECK((*ring.queue.poll())->cookie == 1);
  CHECK_FALSE(ring.queue.listen());
  finish();
  CHECK(ring.device.take_interrupt().queue);
}
