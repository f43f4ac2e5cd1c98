// The network device: identity, frames in and out, offloads, several queues, and a device that breaks its promises.
#include "kernel/devices/virtio/network.hpp"

#include "tests/unit/virtio/fake_network.hpp"
#include "tests/unit/virtio/legacy_pages.hpp"

using namespace toro;
using namespace toro::virtio;
using namespace toro::virtio::test;
using network::Frame;
using network::Offloads;
using network::Transmit;
using namespace toro::network::test;
using Result = network::Driver::Result;

namespace {

constexpr Offloads kAllOffloads{.transmit_checksum = true,
                                .receive_checksum = true,
                                .segmentation_v4 = true,
                                .segmentation_v6 = true,
                                .merging = true};

/// With flags, and with the event index.
constexpr Features kBothRings[] = {FakeNetwork::kIdentity, FakeNetwork::kIdentity.with(Feature::event_index)};

struct Started {
  explicit Started(Features features = FakeNetwork::kIdentity, Offloads wanted = {})
      : Started(FakeNetwork(features), wanted) {}
  explicit Started(FakeNetwork made, Offloads wanted = {}) : device(std::move(made)) {
    REQUIRE(network->prepare(device.transport, {{2, 0, 0, 0, 0, 1}}).has_value());
    network->use({driver.get(), 1});
    const auto started = driver->start(wanted, buffers.pool, counters);
    REQUIRE(started.has_value());
    agreed = *started;
  }

  /// Sends a frame of one part, without room for a header.
  Result send(std::span<const std::byte> frame, Transmit transmit = {}) {
    transmit.parts = std::span(&frame, 1);
    const auto result = driver->transmit(transmit);
    driver->kick();
    return result;
  }

  FakeNetwork device;
  Buffers buffers{300};
  NetworkCounters counters;
  std::unique_ptr<Network> network = std::make_unique<Network>();
  std::unique_ptr<NetworkQueuePair> driver = std::make_unique<NetworkQueuePair>();
  Offloads agreed;
};

}  // namespace

TEST_CASE("virtio net: what the device is") {
  Started s;
  CHECK(s.driver->identity().mac == kMac);
  CHECK(s.driver->identity().mtu == 1500);
  CHECK(s.driver->link() == LinkState::up);
  CHECK(s.driver->offers() == Offloads{});
  CHECK(s.device.transport.current.has(StatusBit::driver_ok));
  CHECK(s.device.transport.queues.size() == 2);
}

TEST_CASE("virtio net: a device without an address gets one, and the default MTU") {
  FakeNetwork device(Features{}.with(Feature::version1));
  Network network;
  REQUIRE(network.prepare(device.transport, {{2, 1, 2, 3, 4, 5}}).has_value());
  NetworkQueuePair driver;
  network.use({&driver, 1});
  CHECK(driver.identity().mac == MacAddress{{2, 1, 2, 3, 4, 5}});
  CHECK(driver.identity().mtu == 1500);
}

TEST_CASE("virtio net: what makes no sense is refused") {
  const auto refused = [](auto change) {
    FakeNetwork device(FakeNetwork::kEverything);
    change(device);
    Network network;
    const auto prepared = network.prepare(device.transport, {{2, 0, 0, 0, 0, 1}});
    CHECK_FALSE(device.transport.current.has(StatusBit::driver_ok));
    return prepared ? std::optional<Error>() : prepared.error();
  };
  CHECK(refused([](FakeNetwork&) {}) == std::nullopt);
  CHECK(refused([](FakeNetwork& d) { d.transport.configuration[0] |= 1; }) == Error::configuration_invalid);
  CHECK(refused([](FakeNetwork& d) { std::fill_n(d.transport.configuration.begin(), 6, std::uint8_t{0}); }) ==
        Error::configuration_invalid);
  CHECK(refused([](FakeNetwork& d) { d.set(kNetworkMtuOffset, 67); }) == Error::configuration_invalid);
  CHECK(refused([](FakeNetwork& d) { d.set(kNetworkPairsOffset, 0); }) == Error::configuration_invalid);
  CHECK(refused([](FakeNetwork& d) { d.transport.device_type = DeviceType::block; }) == Error::wrong_device_type);
  CHECK(refused([](FakeNetwork& d) { d.transport.offered = {}; }) == Error::feature_missing);
}

TEST_CASE("virtio net: a device that gives up does so at the start too") {
  FakeNetwork device;
  Network network;
  REQUIRE(network.prepare(device.transport, kMac).has_value());
  device.transport.queues[1].limit = 0;
  NetworkQueuePair driver;
  network.use({&driver, 1});
  Buffers buffers(8);
  NetworkCounters counters;
  CHECK(driver.start({}, buffers.pool, counters).error() == NetworkError::device_failed);
  CHECK(driver.failure() == describe(Error::queue_absent));
  CHECK_FALSE(driver.receive());
  CHECK(driver.listen({.receive = true}).receive);
}

TEST_CASE("virtio net: frames come in order, whatever their size, and their buffers go round") {
  Started s;
  const std::size_t sizes[] = {14, 60, 1514, 1518, 61};
  for (unsigned i = 0; i < 2000; ++i) {
    const auto frame = frame_of(sizes[i % std::size(sizes)], i);
    REQUIRE(s.device.deliver(frame));
    const Frame received = s.driver->receive();
    REQUIRE(received);
    CHECK(bytes_of(received) == frame);
  }
  CHECK_FALSE(s.driver->receive());
  CHECK(s.counters.received_and_dropped.malformed == 0);
}

TEST_CASE("virtio net: frames that are kept keep their buffers, and the device gets what is left") {
  Started s;
  std::vector<Frame> kept;
  while (s.device.deliver(frame_of(100, static_cast<unsigned>(kept.size())))) {
    kept.push_back(s.driver->receive());
    REQUIRE(kept.back());
  }
  CHECK(kept.size() == 300);
  for (unsigned i = 0; i < kept.size(); ++i) CHECK(bytes_of(kept[i]) == frame_of(100, i));
  kept.clear();
  CHECK_FALSE(s.driver->receive());
  CHECK(s.device.deliver(frame_of(60)));
}

TEST_CASE("virtio net: what is no frame is dropped and counted") {
  Started s;
  CHECK(s.device.deliver(frame_of(13)));
  CHECK(s.device.deliver(frame_of(0)));
  CHECK(s.device.deliver(frame_of(1519)));
  CHECK(s.device.deliver(frame_of(60)));
  CHECK(bytes_of(s.driver->receive()) == frame_of(60));
  CHECK(s.counters.received_and_dropped.malformed == 3);
  CHECK(s.driver->failure().empty());
}

TEST_CASE("virtio net: a frame is sent with its header, apart or in front") {
  Started s;
  const auto frame = frame_of(100);
  Told told;
  Transmit transmit;
  transmit.completion = &told;
  CHECK(s.send(frame, transmit) == Result::taken);
  auto sent = s.device.take();
  REQUIRE(sent);
  CHECK(sent->frame == frame);
  CHECK(sent->header.flags == 0);
  CHECK(told.times == 0);
  s.driver->reclaim();
  CHECK(told.times == 1);

  alignas(8) std::array<std::byte, 16 + 100> memory{};
  std::ranges::copy(frame, memory.begin() + 16);
  transmit.headroom = 16;
  CHECK(s.send(std::span(memory).subspan(16), transmit) == Result::taken);
  sent = s.device.take();
  REQUIRE(sent);
  CHECK(sent->frame == frame);
}

TEST_CASE("virtio net: a full ring says so, and interrupts when there is room") {
  for (const Features features : kBothRings) {
    Started s(features);
    const auto frame = frame_of(60);
    int count = 0;
    while (s.send(frame) == Result::taken) ++count;
    CHECK(count == 64);  // of 128 descriptors, two each
    CHECK(s.send(frame) == Result::full);
    CHECK_FALSE(s.driver->listen({.transmit = true}).transmit);
    CHECK_FALSE(s.device.transport.pending.queue);
    REQUIRE(s.device.take());
    CHECK(s.device.transport.pending.queue);
    const auto events = s.driver->on_interrupt();
    REQUIRE(events);
    CHECK(events->transmit);
    CHECK(s.send(frame) == Result::taken);
    CHECK(s.send(frame) == Result::full);
  }
}

TEST_CASE("virtio net: a legacy device has headers as ours, or is refused") {
  static constexpr LegacyQueues kQueues{set_up_legacy_queue, Pages::allocate, LegacyQueues::Size::fixed};
  Pages::left = 1000;
  constexpr Features kLegacy =
      Features{}.with(NetworkFeature::mac).with(NetworkFeature::merged_buffers).with(Feature::any_layout);
  for (const Features lacking :
       {Features{}.with(NetworkFeature::merged_buffers), Features{}.with(Feature::any_layout)}) {
    FakeNetwork device(kQueues, {kLegacy.bits & ~lacking.bits});
    CHECK(Network().prepare(device.transport, kMac).error() == Error::feature_missing);
  }

  FakeNetwork long_rings(kQueues, kLegacy);
  long_rings.transport.queues[0].limit = long_rings.transport.queues[1].limit = 1024;
  Started s(std::move(long_rings));
  const auto frame = frame_of(60);
  int count = 0;
  while (s.send(frame) == Result::taken) ++count;
  CHECK(count == NetworkQueuePair::kSize);  // though the ring has room for more
  for (int i = 0; i < count; ++i) {
    const auto sent = s.device.take();
    REQUIRE(sent);
    CHECK(sent->frame == frame);
  }
  CHECK(s.send(frame) == Result::taken);
  CHECK(s.device.deliver(frame));
  CHECK(s.driver->receive());
}

TEST_CASE("virtio net: interrupts come once after each listen") {
  for (const Features features : kBothRings) {
    Started s(features);
    REQUIRE(s.device.deliver(frame_of(60)));
    CHECK_FALSE(s.device.transport.pending.queue);
    CHECK(s.driver->listen({.receive = true}).receive);  // there already
    CHECK(s.driver->receive());
    CHECK_FALSE(s.driver->listen({.receive = true}).receive);
    REQUIRE(s.device.deliver(frame_of(60)));
    CHECK(s.device.transport.pending.queue);
    CHECK(s.driver->on_interrupt()->receive);
    REQUIRE(s.device.deliver(frame_of(60)));
    CHECK_FALSE(s.device.transport.pending.queue);
    CHECK_FALSE(s.driver->on_interrupt());
  }
}

TEST_CASE("virtio net: the device is not asked why it interrupts where that is known, but once more for the link") {
  Started s;
  CHECK_FALSE(s.driver->listen({.receive = true}).receive);
  REQUIRE(s.device.deliver(frame_of(60)));
  s.device.set_link(LinkState::down);
  const unsigned before = s.device.transport.asked_why;
  auto events = s.driver->on_interrupt();
  CHECK(events->receive);
  CHECK_FALSE(events->link);
  CHECK(s.device.transport.asked_why == before);
  CHECK(s.device.transport.pending.configuration);  // its line is high: it interrupts again, before anybody receives
  events = s.driver->on_interrupt();
  CHECK_FALSE(events->receive);
  CHECK(events->link);
  CHECK(s.device.transport.asked_why == before + 1);
}

TEST_CASE("virtio net: a device that tells from which frame on it listens is not told of those before") {
  Started s(FakeNetwork::kIdentity.with(Feature::event_index));
  FakeTransport::Queue& queue = s.device.transport.queues[1];
  const auto frame = frame_of(60);
  const unsigned before = queue.notified;
  queue.wanted_index() = 2;
  REQUIRE(s.send(frame) == Result::taken);
  REQUIRE(s.send(frame) == Result::taken);
  CHECK(queue.notified == before);
  REQUIRE(s.send(frame) == Result::taken);
  CHECK(queue.notified == before + 1);
}

TEST_CASE("virtio net: the link goes and comes") {
  Started s;
  s.device.set_link(LinkState::down);
  CHECK(s.driver->on_interrupt()->link);
  CHECK(s.driver->link() == LinkState::down);
  s.device.transport.pending.configuration = true;
  CHECK_FALSE(s.driver->on_interrupt()->link);
  s.device.set_link(LinkState::up);
  CHECK(s.driver->on_interrupt()->link);
  CHECK(s.driver->link() == LinkState::up);
}

TEST_CASE("virtio net: offloads are those that are offered and wanted") {
  CHECK(Started(FakeNetwork::kEverything, kAllOffloads).agreed == kAllOffloads);
  CHECK(Started(FakeNetwork::kEverything).agreed == Offloads{});
  CHECK(Started(FakeNetwork::kIdentity, kAllOffloads).agreed == Offloads{});
  const Features halves = FakeNetwork::kIdentity.with(NetworkFeature::host_tso4)
                              .with(NetworkFeature::guest_tso4);  // without what they need
  CHECK(Started(halves, kAllOffloads).agreed == Offloads{});
}

TEST_CASE("virtio net: checksums and segments to be made by the device") {
  Started s(FakeNetwork::kEverything, kAllOffloads);
  Transmit transmit{.has_partial_checksum = true,
                    .partial = {.start = 34, .offset = 16},
                    .segmentation = network::Segmentation::tcp_v4,
                    .segment_size = 1448,
                    .header_length = 66};
  const auto frame = frame_of(9000);
  CHECK(s.send(frame, transmit) == Result::taken);
  const auto sent = s.device.take();
  REQUIRE(sent);
  CHECK(sent->header.flags == kHeaderNeedsChecksum);
  CHECK(sent->header.checksum_start == 34);
  CHECK(sent->header.checksum_offset == 16);
  CHECK(sent->header.segmentation == kSegmentationTcp4);
  CHECK(sent->header.segment_size == 1448);
  CHECK(sent->header.header_length == 66);

  Started plain;
  CHECK(plain.send(frame_of(100), transmit) == Result::refused);
  transmit.segmentation = network::Segmentation::none;
  CHECK(plain.send(frame_of(100), transmit) == Result::refused);
}

TEST_CASE("virtio net: a frame spread over merged buffers is one") {
  Started s(FakeNetwork::kEverything, kAllOffloads);
  const auto frame = frame_of(60'000);
  REQUIRE(s.device.deliver(frame, {.flags = kHeaderNeedsChecksum,
                                   .segmentation = kSegmentationTcp4 | kSegmentationEcn,
                                   .header_length = 54,
                                   .segment_size = 1460,
                                   .checksum_start = 34,
                                   .checksum_offset = 16}));
  const Frame received = s.driver->receive();
  REQUIRE(received);
  CHECK(bytes_of(received) == frame);
  CHECK(received.description().segmentation == network::Segmentation::tcp_v4);
  CHECK(received.description().segment_size == 1460);
  CHECK(received.description().checksum == Frame::Checksum::partial);
  CHECK(received.description().partial.start == 34);

  REQUIRE(s.device.deliver(frame_of(60), {.flags = kHeaderDataValid}));
  CHECK(s.driver->receive().description().checksum == Frame::Checksum::verified);
  // The checksum would lie beyond the frame, a kind of segments that nobody agreed on, too long for one segment.
  REQUIRE(s.device.deliver(frame_of(60), {.flags = kHeaderNeedsChecksum, .checksum_start = 50, .checksum_offset = 9}));
  REQUIRE(s.device.deliver(frame_of(60), {.segmentation = 3, .segment_size = 10}));
  REQUIRE(s.device.deliver(frame_of(4000)));
  CHECK_FALSE(s.driver->receive());
  CHECK(s.counters.received_and_dropped.malformed == 3);
}

TEST_CASE("virtio net: frames that miss buffers end the device") {
  for (const unsigned claimed : {2U, 34U, 65535U}) {
    Started s(FakeNetwork::kEverything);
    REQUIRE(s.device.deliver(frame_of(60), {.buffers = static_cast<std::uint16_t>(claimed)}));
    CHECK_FALSE(s.driver->receive());
    CHECK(s.network->error() == Error::buffers_missing);
    CHECK(s.device.transport.current.has(StatusBit::failed));
    CHECK(s.send(frame_of(60)) == Result::refused);
    CHECK(s.driver->listen({.receive = true}).receive);
  }
}

TEST_CASE("virtio net: wrong completions end the device") {
  Started s;
  s.device.transport.push(0, 200, 60);
  CHECK_FALSE(s.driver->receive());
  CHECK(s.network->error() == Error::used_id_invalid);

  Started t;
  t.device.transport.push(1, 0, 0);
  t.driver->reclaim();
  CHECK(t.network->error() == Error::used_index_jump);

  Started u;
  u.device.transport.current = u.device.transport.current.with(StatusBit::device_needs_reset);
  u.device.transport.pending.configuration = true;
  CHECK(u.driver->on_interrupt()->receive);
  CHECK(u.network->error() == Error::device_needs_reset);
}

namespace {

/// A device of several pairs, each with a driver of its own, that answers the command by `result`, or not at all.
struct Several {
  static constexpr std::uint16_t kDevicePairs = 3;

  explicit Several(std::optional<std::byte> result, Features features = FakeNetwork::kEverything) : device(features) {
    device.set(kNetworkPairsOffset, kDevicePairs);
    REQUIRE(network->prepare(device.transport, kMac).has_value());
    network->use({pairs.get(), 2});
    device.transport.on_notify = [this, result](std::uint16_t queue) {
      if (queue != 2 * kDevicePairs || !result) return;  // the control queue comes after the device's own pairs
      const auto chain = device.transport.pop(queue);
      command = chain->data();
      chain->writable.front()[0] = *result;
      device.transport.push(queue, chain->head, 1);
    };
    for (unsigned i = 0; i < 2; ++i) REQUIRE(pairs[i].start({}, buffers[i].pool, counters[i]).has_value());
  }

  FakeNetwork device;
  std::vector<std::byte> command;
  Buffers buffers[2]{Buffers(300), Buffers(300)};
  NetworkCounters counters[2];
  std::unique_ptr<Network> network = std::make_unique<Network>();
  std::unique_ptr<NetworkQueuePair[]> pairs = std::make_unique<NetworkQueuePair[]>(2);
};

}  // namespace

TEST_CASE("virtio net: each pair of queues has its own frames and buffers") {
  Several s(std::byte{0});
  CHECK(s.network->useful_pairs() == Several::kDevicePairs);
  CHECK(s.pairs[0].use_queues(2) == true);
  CHECK(s.command == std::vector{std::byte{4}, std::byte{0}, std::byte{2}, std::byte{0}});
  for (std::uint16_t i = 0; i < 2; ++i) {
    REQUIRE(s.device.deliver(frame_of(60, i), {}, receive_queue(i)));
    CHECK_FALSE(s.pairs[1 - i].receive());
    CHECK(bytes_of(s.pairs[i].receive()) == frame_of(60, i));
    const auto frame = frame_of(100, i);
    const std::span<const std::byte> part = frame;
    CHECK(s.pairs[i].transmit({.parts = std::span(&part, 1)}) == Result::taken);
    s.pairs[i].kick();
    CHECK_FALSE(s.device.take(transmit_queue(1U - i)));
    CHECK(s.device.take(transmit_queue(i))->frame == frame);
  }
}

TEST_CASE("virtio net: an interrupt of all pairs is told to whom it is for, and the others go on listening") {
  for (const Features features : {FakeNetwork::kEverything, FakeNetwork::kEverything.with(Feature::event_index)}) {
    Several s(std::byte{0}, features);
    REQUIRE(s.pairs[0].use_queues(2) == true);
    for (std::uint16_t i = 0; i < 2; ++i) CHECK_FALSE(s.pairs[i].listen({.receive = true}).receive);
    REQUIRE(s.device.deliver(frame_of(60), {}, receive_queue(1)));
    CHECK(s.device.transport.pending.queue);
    CHECK_FALSE(s.pairs[0].is_due());
    CHECK(s.pairs[1].is_due());
    CHECK(s.pairs[0].on_interrupt() == network::Events{});
    CHECK(s.pairs[1].on_interrupt() == network::Events{.receive = true, .transmit = false, .link = false});
    CHECK_FALSE(s.pairs[1].is_due());
    CHECK(s.pairs[1].receive());
    REQUIRE(s.device.deliver(frame_of(60), {}, receive_queue(0)));
    CHECK(s.device.transport.pending.queue);
    CHECK(s.pairs[0].on_interrupt() == network::Events{.receive = true, .transmit = false, .link = false});
    s.device.set_link(LinkState::down);
    CHECK(s.pairs[0].on_interrupt()->link);
    CHECK(s.pairs[1].link() == LinkState::down);
  }
}

TEST_CASE("virtio net: what one pair's queue breaks ends the device for all") {
  Several s(std::byte{0});
  REQUIRE(s.pairs[0].use_queues(2) == true);
  s.device.transport.push(receive_queue(1), 200, 60);
  CHECK_FALSE(s.pairs[1].receive());
  CHECK(s.network->error() == Error::used_id_invalid);
  CHECK(s.pairs[0].failure() == describe(Error::used_id_invalid));
  CHECK(s.pairs[0].listen({.receive = true}).receive);
}

TEST_CASE("virtio net: a device may refuse the command for its pairs, and may answer it later") {
  CHECK(Several(std::byte{1}).pairs[0].use_queues(2) == false);
  Several s(std::nullopt);
  CHECK(s.pairs[0].use_queues(2) == std::nullopt);
  CHECK(s.pairs[0].use_queues(2) == std::nullopt);
  constexpr std::uint16_t kControl = 2 * Several::kDevicePairs;
  const auto chain = s.device.transport.pop(kControl);
  REQUIRE(chain);
  CHECK_FALSE(s.device.transport.pop(kControl));  // it was asked once
  chain->writable.front()[0] = std::byte{0};
  s.device.transport.push(kControl, chain->head, 1);
  CHECK(s.pairs[0].use_queues(2) == true);
}

TEST_CASE("virtio net: of many pairs no more than a few are of use") {
  FakeNetwork device(FakeNetwork::kEverything);
  device.set(kNetworkPairsOffset, 40);
  Network network;
  REQUIRE(network.prepare(device.transport, kMac).has_value());
  CHECK(network.useful_pairs() == Network::kMostPairs);
}
