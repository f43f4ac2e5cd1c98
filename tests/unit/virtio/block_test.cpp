// The block device's driver against a disk in memory.
#include "kernel/devices/virtio/block.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string_view>

#include "tests/unit/virtio/fake_disk.hpp"

using namespace toro::virtio;
using toro::BlockError;
using toro::BlockOperation;
using toro::BlockRequest;
using toro::block::RequestQueue;
using toro::virtio::test::FakeDisk;
using Reason = toro::BlockError::Reason;

namespace {

int ended = 0;

struct Machine {
  explicit Machine(std::uint64_t units = 1000) : disk(units) { ended = 0; }

  Error start() {
    const auto started = driver->start(disk.transport);
    if (!started) return started.error();
    properties = *started;
    disk.serve();
    driver->poll();
    requests.emplace(*driver, properties, [](RequestQueue&, BlockRequest&) { ++ended; });
    driver->serve(*requests);
    return Error::no_device;
  }
  void begin() { CHECK(start() == Error::no_device); }
  void add(BlockRequest& request) {
    request.flight.next = nullptr;
    requests->add(request);
  }
  void interrupt() {
    disk.serve();
    driver->on_interrupt();
  }
  toro::BlockResult run(BlockRequest request) {
    const int before = ended;
    add(request);
    for (int i = 0; i < 100 && ended == before; ++i) interrupt();
    CHECK(ended == before + 1);
    return request.result;
  }

  FakeDisk disk;
  std::unique_ptr<Block> driver = std::make_unique<Block>();
  toro::block::Properties properties;
  std::optional<RequestQueue> requests;
  std::vector<std::byte> memory = std::vector<std::byte>(64 * kBlockUnit);
};

}  // namespace

TEST_CASE("virtio block: what the device is") {
  Machine machine;
  machine.disk.transport.offered =
      machine.disk.transport.offered.with(BlockFeature::read_only).with(BlockFeature::block_size);
  machine.disk.set(BlockField::block_size, 4096);
  machine.begin();
  CHECK(machine.properties.sector_size == 4096);
  CHECK(machine.properties.sectors == 125);
  CHECK(machine.properties.read_only);
  CHECK(machine.properties.has_write_cache);
  CHECK(machine.properties.discard_sectors == 8);
  CHECK(machine.driver->has_identity());
  CHECK(std::string_view(machine.driver->identity().data(), 5) == "fake\n");
  std::span<std::byte> data = machine.memory;
  CHECK(machine.run({.sector = 2, .data = {&data, 1}}).has_value());
  CHECK(machine.disk.seen.back().sector == 16);
}

TEST_CASE("virtio block: what is written is read back, in segments") {
  Machine machine;
  machine.begin();
  for (std::size_t i = 0; i < machine.memory.size(); ++i) machine.memory[i] = static_cast<std::byte>(i * 7 / 3);
  const auto part = [&](std::size_t first, std::size_t count) {
    return std::span(machine.memory).subspan(first * kBlockUnit, count * kBlockUnit);
  };
  const std::array<std::span<std::byte>, 3> out{part(0, 5), part(5, 1), part(6, 2)};
  REQUIRE(machine.run({.operation = BlockOperation::write, .sector = 10, .data = out}).has_value());
  CHECK(std::memcmp(machine.disk.medium.data() + 10 * kBlockUnit, machine.memory.data(), 8 * kBlockUnit) == 0);
  const std::array<std::span<std::byte>, 2> in{part(20, 7), part(27, 1)};
  REQUIRE(machine.run({.sector = 10, .data = in}).has_value());
  CHECK(std::memcmp(machine.memory.data() + 20 * kBlockUnit, machine.memory.data(), 8 * kBlockUnit) == 0);
  REQUIRE(machine.run({.operation = BlockOperation::write_zeroes, .sector = 10, .count = 4}).has_value());
  CHECK(machine.disk.medium[10 * kBlockUnit + 5] == std::byte{0});
  CHECK(machine.run({.operation = BlockOperation::discard, .sector = 0, .count = 200}).has_value());
  CHECK(machine.run({.operation = BlockOperation::flush}).has_value());
}

TEST_CASE("virtio block: the device's limits on segments hold, with and without indirect descriptors") {
  Machine machine;
  bool small = false;
  SUBCASE("indirect") {}
  SUBCASE("direct") {
    machine.disk.transport.offered.bits &= ~Features{}.with(Feature::indirect_descriptors).bits;
  }
  SUBCASE("direct, in a small ring") {
    machine.disk.transport.offered.bits &= ~Features{}.with(Feature::indirect_descriptors).bits;
    machine.disk.transport.queues[0].limit = 4;
    small = true;
  }
  machine.disk.transport.offered = machine.disk.transport.offered.with(BlockFeature::size_max);
  machine.disk.set(BlockField::seg_max, 3);
  machine.disk.set(BlockField::size_max, 2000);
  machine.begin();
  std::vector<std::span<std::byte>> data;
  for (std::size_t i = 0; i < 32; ++i) data.push_back(std::span(machine.memory).subspan(i * kBlockUnit, kBlockUnit));
  CHECK(machine.run({.data = data}).has_value());
  CHECK(machine.disk.longest <= (small ? 4U : 5U));
  std::span<std::byte> whole = machine.memory;
  CHECK(machine.run({.data = {&whole, 1}}).has_value());
  CHECK(machine.disk.longest <= (small ? 4U : 5U));
}

TEST_CASE("virtio block: many are in flight, and one notification tells of many") {
  Machine machine;
  machine.begin();
  std::span<std::byte> data = std::span(machine.memory).first(kBlockUnit);
  std::vector<BlockRequest> requests(300, BlockRequest{.data = {&data, 1}});
  for (std::size_t i = 0; i + 1 < requests.size(); ++i) requests[i].flight.next = &requests[i + 1];
  const unsigned before = machine.disk.transport.queues[0].notified;
  machine.requests->add(requests.front());
  CHECK(machine.disk.transport.queues[0].notified <= before + 1);
  CHECK(machine.driver->queue().figures().in_flight == 128);
  for (int i = 0; i < 10; ++i) machine.interrupt();
  CHECK(ended == 300);
}

TEST_CASE("virtio block: what the device says went wrong reaches the request") {
  Machine machine;
  machine.begin();
  std::span<std::byte> data = machine.memory;
  Reason wanted{};
  SUBCASE("an error") {
    machine.disk.status = BlockStatus::io_error;
    wanted = Reason::io_error;
  }
  SUBCASE("it cannot do that") {
    machine.disk.status = BlockStatus::unsupported;
    wanted = Reason::unsupported;
  }
  SUBCASE("a status that there is not") {
    machine.disk.status = static_cast<BlockStatus>(77);
    wanted = Reason::io_error;
  }
  SUBCASE("all is well, but less came than was asked for") {
    machine.disk.forgets = 1;
    wanted = Reason::io_error;
  }
  CHECK(machine.run({.sector = 3, .data = {&data, 1}}).error() == BlockError{BlockOperation::read, wanted, 3, 64});
  machine.disk.status = BlockStatus::ok;
  machine.disk.forgets = 0;
  CHECK(machine.run({.sector = 3, .data = {&data, 1}}).has_value());
}

TEST_CASE("virtio block: a device that breaks its promises, or wants a reset, is stopped and fails all requests") {
  Machine machine;
  machine.begin();
  std::span<std::byte> data = machine.memory;
  std::vector<BlockRequest> requests(3, BlockRequest{.data = {&data, 1}});
  for (auto& request : requests) machine.add(request);
  SUBCASE("an id that is not in flight") {
    machine.disk.transport.push(0, 100, 1);
  }
  SUBCASE("more written than offered") {
    machine.disk.transport.push(0, machine.disk.transport.pop(0)->head, 1U << 30);
  }
  SUBCASE("more completions than requests") {
    machine.disk.transport.set_used_index(0, 99);
  }
  SUBCASE("it needs a reset") {
    machine.disk.transport.current = machine.disk.transport.current.with(StatusBit::device_needs_reset);
    machine.disk.transport.pending.configuration = true;
  }
  machine.driver->on_interrupt();
  CHECK(ended == 3);
  for (const auto& request : requests) CHECK(request.result.error().reason == Reason::device_broken);
  CHECK(machine.disk.transport.statuses.back() == 128);
  CHECK_FALSE(machine.disk.transport.queues[0].enabled);
  CHECK(machine.run({.data = {&data, 1}}).error().reason == Reason::device_broken);
  machine.disk.transport.pending = {.queue = true, .configuration = true};
  machine.driver->on_interrupt();
}

TEST_CASE("virtio block: a disk that grows and shrinks") {
  Machine machine;
  machine.begin();
  machine.disk.set_capacity(2000);
  machine.disk.transport.pending.configuration = true;
  machine.driver->on_interrupt();
  CHECK(machine.requests->sectors() == 2000);
  machine.disk.set_capacity(0);
  machine.disk.transport.pending.configuration = true;
  machine.driver->on_interrupt();
  std::span<std::byte> data = machine.memory;
  CHECK(machine.run({.data = {&data, 1}}).error().reason == Reason::out_of_range);
}

TEST_CASE("virtio block: a configuration that contradicts itself is refused") {
  Machine machine;
  auto& transport = machine.disk.transport;
  transport.offered = transport.offered.with(BlockFeature::block_size).with(BlockFeature::size_max);
  machine.disk.set(BlockField::block_size, 512);
  machine.disk.set(BlockField::size_max, 65536);
  Error wanted = Error::configuration_invalid;
  SUBCASE("a block size that is no power of two") {
    machine.disk.set(BlockField::block_size, 1000);
  }
  SUBCASE("a block size below a sector") {
    machine.disk.set(BlockField::block_size, 256);
  }
  SUBCASE("a huge block size") {
    machine.disk.set(BlockField::block_size, 1U << 20);
  }
  SUBCASE("no segments") {
    machine.disk.set(BlockField::seg_max, 0);
  }
  SUBCASE("segments below a sector") {
    machine.disk.set(BlockField::size_max, 511);
  }
  SUBCASE("a ring too small for a request") {
    transport.offered.bits &= ~Features{}.with(Feature::indirect_descriptors).bits;
    transport.queues[0].limit = 2;
  }
  SUBCASE("no ring") {
    transport.queues[0].limit = 0;
    wanted = Error::queue_absent;
  }
  SUBCASE("it changes without end") {
    transport.generation = [n = 0U]() mutable { return ++n; };
    wanted = Error::configuration_unstable;
  }
  CHECK(machine.start() == wanted);
}
