// Requests become commands within the device's limits, and each ends once.
#include "kernel/devices/block/request_queue.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <vector>

namespace {

using namespace toro;
using block::Command;
using block::Operation;
using block::Properties;
using block::Reason;
using block::RequestQueue;

std::vector<BlockRequest*> ended;

/// A device that keeps commands until the test ends them.
class FakeDriver final : public block::Driver {
 public:
  struct Kept {
    Command command;
    std::vector<std::span<std::byte>> data;
  };

  Start start(const Command& command) override {
    if (broken) return Start::broken;
    if (kept.size() == room) return Start::full;
    kept.push_back({command, {command.data.begin(), command.data.end()}});
    return Start::started;
  }
  void notify() override { ++notifications; }
  void stop() override {
    ++stops;
    while (!kept.empty()) end_first(Reason::device_broken);
  }
  void end_first(std::optional<Reason> why = std::nullopt) {
    BlockRequest& request = *kept.front().command.request;
    kept.pop_front();
    queue->complete(request, why);
  }

  RequestQueue* queue = nullptr;
  std::deque<Kept> kept;
  std::size_t room = 8;
  bool broken = false;
  int notifications = 0;
  int stops = 0;
};

struct Fixture {
  explicit Fixture(Properties properties = {.sectors = 1000,
                                            .has_write_cache = true,
                                            .segments = 4,
                                            .segment_bytes = 4096,
                                            .transfer_sectors = 16,
                                            .discard_sectors = 100})
      : queue(driver, properties, [](RequestQueue&, BlockRequest& request) { ended.push_back(&request); }) {
    driver.queue = &queue;
    ended.clear();
  }

  void add(BlockRequest& request) {
    request.flight.next = nullptr;
    queue.add(request);
  }

  FakeDriver driver;
  RequestQueue queue;
  std::vector<std::byte> memory = std::vector<std::byte>(1 << 20);
};

TEST_CASE("a request that fits is one command") {
  Fixture f;
  std::span<std::byte> data = std::span(f.memory).first(4096);
  BlockRequest request{.sector = 10, .data = {&data, 1}};
  f.add(request);
  REQUIRE(f.driver.kept.size() == 1);
  CHECK(f.driver.kept[0].command.sector == 10);
  CHECK(f.driver.kept[0].command.count == 8);
  CHECK(f.driver.notifications == 1);
  CHECK(ended.empty());
  f.driver.end_first();
  CHECK(ended == std::vector{&request});
  CHECK(request.result.has_value());
}

TEST_CASE("a long request is split by the limits on sectors, segments and their sizes, and keeps its order") {
  Fixture f;
  f.driver.room = 100;
  std::vector<std::span<std::byte>> data;
  std::size_t at = 0;
  for (const std::size_t sectors : {1U, 0U, 20U, 1U, 1U, 1U, 1U, 1U, 30U}) {
    data.push_back(std::span(f.memory).subspan(at * 512, sectors * 512));
    at += sectors;
  }
  BlockRequest request{.operation = Operation::write, .sector = 7, .data = data};
  f.add(request);
  CHECK(request.count == 56);
  std::uint64_t sector = 7;
  const std::byte* next = f.memory.data();
  for (const auto& [command, segments] : f.driver.kept) {
    CHECK(command.sector == sector);
    CHECK(command.count <= 16);
    CHECK(segments.size() <= 4);
    std::size_t bytes = 0;
    for (const auto& segment : segments) {
      CHECK(segment.data() == next);
      CHECK(segment.size() <= 4096);
      CHECK(segment.size() % 512 == 0);
      next += segment.size();
      bytes += segment.size();
    }
    CHECK(bytes == command.count * 512);
    sector += command.count;
  }
  CHECK(sector == 63);
  CHECK(f.driver.notifications == 1);
  while (!f.driver.kept.empty()) {
    CHECK(ended.empty());
    f.driver.end_first();
  }
  CHECK(ended.size() == 1);
}

TEST_CASE("what finds no room waits its turn") {
  Fixture f;
  f.driver.room = 1;
  std::span<std::byte> data = std::span(f.memory).first(512);
  std::vector<BlockRequest> requests(5, BlockRequest{.data = {&data, 1}});
  for (std::size_t i = 0; i + 1 < requests.size(); ++i) requests[i].flight.next = &requests[i + 1];
  f.queue.add(requests.front());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    REQUIRE(f.driver.kept.size() == 1);
    CHECK(f.driver.kept[0].command.request == &requests[i]);
    f.driver.end_first();
    f.queue.proceed();
  }
  CHECK(ended.size() == 5);
}

TEST_CASE("what cannot be done is refused with what was asked") {
  Fixture f({.sectors = 100, .segments = 4, .alignment = 2});
  std::span<std::byte> data = std::span(f.memory).first(1024);
  std::span<std::byte> half = std::span(f.memory).first(256);
  std::span<std::byte> odd = std::span(f.memory).subspan(1, 512);
  const auto why = [&](BlockRequest request) -> std::optional<Reason> {
    f.add(request);
    REQUIRE(ended.size() == 1);
    ended.clear();
    if (request.result) return std::nullopt;
    CHECK(request.result.error().operation == request.operation);
    CHECK(request.result.error().sector == request.sector);
    return request.result.error().reason;
  };
  CHECK(why({.sector = 99, .data = {&data, 1}}) == Reason::out_of_range);
  CHECK(why({.sector = UINT64_MAX, .data = {&data, 1}}) == Reason::out_of_range);
  CHECK(why({.sector = 101}) == Reason::out_of_range);
  CHECK(why({.sector = 100}) == std::nullopt);
  CHECK(why({.data = {&half, 1}}) == Reason::misaligned);
  CHECK(why({.data = {&odd, 1}}) == Reason::misaligned);
  CHECK(why({.operation = Operation::discard, .count = 1}) == Reason::unsupported);
  CHECK(why({.operation = Operation::write_zeroes, .count = 1}) == Reason::unsupported);
  CHECK(why({.operation = Operation::flush}) == std::nullopt);

  Fixture read_only({.sectors = 100, .read_only = true, .has_write_cache = true, .discard_sectors = 5});
  BlockRequest write{.operation = Operation::write, .data = {&data, 1}};
  read_only.add(write);
  CHECK(write.result.error() == BlockError{Operation::write, Reason::read_only, 0, 2});
}

TEST_CASE("a device that has changed its size is asked for what it has now") {
  Fixture f;
  f.queue.resize(8);
  std::span<std::byte> data = std::span(f.memory).first(512);
  BlockRequest request{.sector = 8, .data = {&data, 1}};
  f.add(request);
  CHECK(request.result.error().reason == Reason::out_of_range);
}

TEST_CASE("a discard is split, a flush is not") {
  Fixture f;
  BlockRequest discard{.operation = Operation::discard, .sector = 1, .count = 250};
  BlockRequest flush{.operation = Operation::flush, .sector = 5, .count = 5};
  f.add(discard);
  f.add(flush);
  REQUIRE(f.driver.kept.size() == 4);
  CHECK(f.driver.kept[2].command.sector == 201);
  CHECK(f.driver.kept[2].command.count == 50);
  CHECK(f.driver.kept[3].command.count == 0);
  CHECK(f.driver.kept[3].command.operation == Operation::flush);
}

TEST_CASE("an error ends the request when its commands have ended, and starts no more of it") {
  Fixture f;
  f.driver.room = 2;
  std::span<std::byte> data = std::span(f.memory).first(512 * 64);
  std::span<std::byte> small = std::span(f.memory).first(512);
  BlockRequest request{.data = {&data, 1}};
  BlockRequest other{.data = {&small, 1}};
  f.add(request);
  f.add(other);
  f.driver.end_first(Reason::io_error);
  f.queue.proceed();
  CHECK(ended.empty());
  f.driver.end_first();
  CHECK(ended == std::vector{&request});
  CHECK(request.result.error() == BlockError{Operation::read, Reason::io_error, 0, 64});
  f.driver.end_first();
  CHECK(ended.size() == 2);
  CHECK(other.result.has_value());
}

TEST_CASE("of a device that broke, every request ends once, and none is started") {
  Fixture f;
  f.driver.room = 2;
  std::span<std::byte> data = std::span(f.memory).first(512 * 64);
  std::vector<BlockRequest> requests(4, BlockRequest{.data = {&data, 1}});
  for (auto& request : requests) f.add(request);
  SUBCASE("as an interrupt says") {
    f.queue.break_down();
  }
  SUBCASE("as a start says") {
    f.driver.end_first();
    f.driver.broken = true;
    f.queue.proceed();
  }
  CHECK(ended.size() == 4);
  CHECK(f.driver.stops == 1);
  for (const auto& request : requests) CHECK(request.result.error().reason == Reason::device_broken);
  BlockRequest late{.data = {&data, 1}};
  f.add(late);
  CHECK(late.result.error().reason == Reason::device_broken);
  CHECK(f.driver.stops == 1);
}

}  // namespace
