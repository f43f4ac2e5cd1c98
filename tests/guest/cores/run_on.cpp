// Work carried to other cores. Every case also runs, trivially or not, where there is one core.
#include <doctest/doctest.h>
#include <toro/cores.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

TEST_CASE("run_on runs there and brings the result") {
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    CHECK(toro::run_on(core, [] { return toro::this_core(); }) == core);
    CHECK(toro::run_on(core, [core] { return std::string(1000, static_cast<char>('a' + core % 26)); }).size() == 1000);
  }
  CHECK(toro::this_core() == 0);
}

TEST_CASE("run_on brings exceptions") {
  const std::uint32_t last = toro::cores() - 1;
  CHECK_THROWS_AS(toro::run_on(last, []() -> int { throw std::runtime_error("there"); }), std::runtime_error);
}

TEST_CASE("work may block, and what it waits for may be work") {
  const std::uint32_t last = toro::cores() - 1;
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  toro::post(last, [&] {
    const std::lock_guard lock(mutex);
    ready = true;
    changed.notify_all();
  });
  toro::run_on(last, [&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ready; });
  });
  CHECK(ready);
}

TEST_CASE("there and back, nested") {
  const std::uint32_t last = toro::cores() - 1;
  CHECK(toro::run_on(last, [] { return toro::run_on(0, [] { return toro::this_core(); }) + 100; }) == 100);
}

TEST_CASE("posts between two cores begin in order") {
  const std::uint32_t last = toro::cores() - 1;
  std::vector<int> order;  // of the last core only
  std::atomic<bool> done = false;
  for (int i = 0; i < 1000; ++i) toro::post(last, [&order, i] { order.push_back(i); });
  toro::post(last, [&done] { done = true; });
  while (!done) std::this_thread::yield();
  const std::vector<int> result = order;
  REQUIRE(result.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(result[static_cast<unsigned>(i)] == i);
}

TEST_CASE("all cores throw and catch at the same time") {
  std::atomic<int> caught = 0;
  std::vector<std::thread> threads;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    threads.emplace_back([core, &caught] {
      toro::run_on(core, [&caught] {
        for (int i = 0; i < 100; ++i) try {
            throw i;
          } catch (int value) {
            if (value == i) ++caught;
          }
      });
    });
  for (auto& thread : threads) thread.join();
  CHECK(caught == 100 * static_cast<int>(toro::cores()));
}

TEST_CASE("every core has its own") {
  toro::PerCore<int> counters(5);
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    toro::run_on(core, [&] { *counters += static_cast<int>(toro::this_core()); });
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    CHECK(counters.on(core) == 5 + static_cast<int>(core));
    CHECK(reinterpret_cast<std::uintptr_t>(&counters.on(core)) % 64 == 0);
  }
}
