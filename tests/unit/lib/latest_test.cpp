// What several cores read never goes back.
#include "kernel/lib/latest.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using toro::Latest;

TEST_CASE("an earlier time than one that was read is that one") {
  Latest latest;
  CHECK(latest.advance_to(5) == 5);
  CHECK(latest.advance_to(3) == 5);
  CHECK(latest.advance_to(5) == 5);
  CHECK(latest.advance_to(6) == 6);
}

TEST_CASE("threads whose clocks disagree read no earlier time than another has just read") {
  constexpr std::uint64_t kReadings = 20'000;
  Latest latest;
  std::atomic<std::uint64_t> read = 0;  // the latest that any of them has been told
  std::vector<std::thread> threads;
  std::atomic<int> earlier = 0;
  for (std::uint64_t skew = 0; skew < 4; ++skew)
    threads.emplace_back([&, skew] {
      for (std::uint64_t i = 0; i < kReadings; ++i) {
        const std::uint64_t before = read.load();
        const std::uint64_t now = latest.advance_to(i * 10 + skew * 1000);
        if (now < before) ++earlier;
        for (std::uint64_t known = read.load(); known < now && !read.compare_exchange_weak(known, now);) {
        }
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(earlier == 0);
}
