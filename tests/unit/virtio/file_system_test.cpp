// A file system device, good and bad.
#include "kernel/devices/virtio/file_system.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "tests/unit/virtio/fake_folder.hpp"

using namespace toro::virtio;
using toro::virtio::test::FakeFolder;
using toro::virtio::test::FolderRequest;
using Queue = FileSystem::Queue;
using Start = FileSystem::Start;

namespace {

void answer(FakeFolder& folder, std::uint16_t queue, std::string_view text) {
  const auto chain = folder.transport.pop(queue);
  REQUIRE(chain);
  folder.transport.push(queue, chain->head, chain->fill(std::as_bytes(std::span(text))));
}

}  // namespace

TEST_CASE("virtio file system: it starts, and says its tag") {
  FakeFolder folder;
  SUBCASE("as it should") {
    REQUIRE(folder.device.start(folder.transport));
    CHECK(folder.device.tag() == "share");
  }
  SUBCASE("with the longest tag") {
    std::fill_n(folder.transport.configuration.begin(), kTagBytes, std::uint8_t{'t'});
    REQUIRE(folder.device.start(folder.transport));
    CHECK(folder.device.tag() == std::string(kTagBytes, 't'));
  }
  SUBCASE("without queues for requests") {
    folder.transport.configuration[kRequestQueuesOffset] = 0;
    CHECK(folder.device.start(folder.transport).error() == Error::configuration_invalid);
  }
  SUBCASE("with one queue") {
    folder.transport.queues[kFirstRequestQueue].limit = 0;
    CHECK(folder.device.start(folder.transport).error() == Error::queue_absent);
  }
  SUBCASE("with a ring that is too short for a request") {
    folder.transport.queues[kFirstRequestQueue].limit = 4;
    CHECK(folder.device.start(folder.transport).error() == Error::configuration_invalid);
  }
  SUBCASE("another device") {
    folder.transport.device_type = DeviceType::block;
    CHECK(folder.device.start(folder.transport).error() == Error::wrong_device_type);
  }
}

TEST_CASE("virtio file system: many requests are in flight, and end in the device's order") {
  for (const bool indirect : {false, true}) {
    CAPTURE(indirect);
    FakeFolder folder;
    if (indirect)
      folder.transport.offered =
          folder.transport.offered.with(Feature::indirect_descriptors).with(Feature::event_index);
    REQUIRE(folder.device.start(folder.transport));
    std::vector<std::unique_ptr<FolderRequest>> all;
    for (int i = 0; i < 20; ++i) {
      all.push_back(std::make_unique<FolderRequest>(10, 100));
      REQUIRE(folder.device.submit(Queue::requests, *all.back()) == Start::started);
    }
    FolderRequest express(8, 0);
    REQUIRE(folder.device.submit(Queue::express, express) == Start::started);
    CHECK(folder.transport.queues[kFirstRequestQueue].notified > 0);
    answer(folder, kExpressQueue, "");
    folder.device.on_interrupt();
    CHECK(express.over);
    CHECK_FALSE(all[0]->over);
    std::vector<std::uint16_t> heads;
    for (int i = 0; i < 20; ++i) heads.push_back(folder.transport.pop(kFirstRequestQueue)->head);
    for (int i = 19; i >= 0; --i) {
      const auto which = static_cast<std::size_t>(i);
      folder.transport.push(kFirstRequestQueue, heads[which], static_cast<std::uint32_t>(i));
      folder.device.on_interrupt();
      CHECK(all[which]->over);
      CHECK(all[which]->answered);
      CHECK(all[which]->written == which);
    }
  }
}

TEST_CASE("virtio file system: a full queue takes one more when one is done") {
  FakeFolder folder;
  REQUIRE(folder.device.start(folder.transport));
  std::vector<std::unique_ptr<FolderRequest>> all;
  Start started = Start::started;
  while (started == Start::started) {
    all.push_back(std::make_unique<FolderRequest>(10, 10));
    started = folder.device.submit(Queue::requests, *all.back());
  }
  CHECK(started == Start::full);
  CHECK(all.size() == 33);
  answer(folder, kFirstRequestQueue, "x");
  folder.device.poll();
  CHECK(folder.device.submit(Queue::requests, *all.back()) == Start::started);
  folder.device.stop();
  for (const auto& request : all) CHECK(request->over);
}

TEST_CASE("virtio file system: a device that breaks the rules, or wants a reset, ends what is in flight") {
  FakeFolder folder;
  REQUIRE(folder.device.start(folder.transport));
  FolderRequest a(10, 10);
  FolderRequest b(10, 0);
  REQUIRE(folder.device.submit(Queue::requests, a) == Start::started);
  REQUIRE(folder.device.submit(Queue::express, b) == Start::started);
  SUBCASE("more than there was room for") {
    folder.transport.push(kFirstRequestQueue, 0, 11);
  }
  SUBCASE("a request that there is not") {
    folder.transport.push(kFirstRequestQueue, 9, 1);
  }
  SUBCASE("many") {
    folder.transport.set_used_index(kFirstRequestQueue, 30);
  }
  SUBCASE("what has no room") {
    folder.transport.push(kExpressQueue, 0, 1);
  }
  SUBCASE("it wants a reset") {
    folder.transport.current = folder.transport.current.with(StatusBit::device_needs_reset);
    folder.transport.pending.configuration = true;
  }
  folder.transport.pending.queue = true;
  folder.device.on_interrupt();
  CHECK(a.over);
  CHECK_FALSE(a.answered);
  CHECK(b.over);
  CHECK(folder.device.stopped());
  CHECK(folder.transport.statuses.back() == static_cast<std::uint8_t>(StatusBit::failed));
  CHECK(folder.device.submit(Queue::requests, a) == Start::broken);
}
