// Clocks and sleep.
#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include <cerrno>

#include "calls.hpp"

namespace {

constexpr long long kSecond = 1'000'000'000;

long long now(clockid_t clock) {
  timespec time;
  REQUIRE(clock_gettime(clock, &time) == 0);
  REQUIRE(time.tv_nsec >= 0);
  REQUIRE(time.tv_nsec < kSecond);
  return time.tv_sec * kSecond + time.tv_nsec;
}

timespec spec_of(long long ns) {
  return {static_cast<time_t>(ns / kSecond), static_cast<long>(ns % kSecond)};
}

}  // namespace

TEST_CASE("no clock goes back") {
  for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME}) {
    long long before = now(clock);
    for (int i = 0; i < 10'000; ++i) {
      timespec time;
      clock_gettime(clock, &time);
      const long long after = time.tv_sec * kSecond + time.tv_nsec;
      if (after < before) FAIL("clock ", clock, " went back");
      before = after;
    }
  }
}

TEST_CASE("the clocks agree how long a second is") {
  // The host may hold the core between two reads: how far apart the clocks are is known to an interval.
  struct Offset {
    long long least, most;
  };
  const auto measure = [] {
    const long long before = now(CLOCK_MONOTONIC);
    const long long real = now(CLOCK_REALTIME);
    return Offset{real - now(CLOCK_MONOTONIC), real - before};
  };
  const Offset offset = measure();
  const timespec pause{0, 50'000'000};
  CHECK(nanosleep(&pause, nullptr) == 0);
  const Offset later = measure();
  CHECK(later.least - offset.most < 1'000'000);
  CHECK(offset.least - later.most < 1'000'000);
}

TEST_CASE("a sleep is never short: a duration, or until a point of either clock") {
  for (const long long length : {0LL, 1LL, 1000LL, 1'000'000LL, 5'000'000LL}) {
    const long long begin = now(CLOCK_MONOTONIC);
    const timespec duration = spec_of(length);
    CHECK(nanosleep(&duration, nullptr) == 0);
    CHECK(now(CLOCK_MONOTONIC) - begin >= length);
    for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
      const long long point = now(clock) + length;
      const timespec until = spec_of(point);
      CHECK(clock_nanosleep(clock, TIMER_ABSTIME, &until, nullptr) == 0);
      CHECK(now(clock) >= point);
      CHECK(now(clock) < point + kSecond);
    }
  }
}

TEST_CASE("a sleep until what is past returns at once") {
  const timespec past{0, 0};
  const long long begin = now(CLOCK_MONOTONIC);
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, nullptr) == 0);
  CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &past, nullptr) == 0);
  CHECK(now(CLOCK_MONOTONIC) - begin < kSecond);
}

TEST_CASE("times and clocks that are none are EINVAL") {
  timespec time{0, 0};
  CHECK(call(SYS_clock_gettime, 99, &time) == -EINVAL);
  CHECK(call(SYS_clock_getres, -1, &time) == -EINVAL);
  for (const timespec bad : {timespec{0, kSecond}, timespec{0, -1}, timespec{-1, 0}}) {
    CHECK(call(SYS_nanosleep, &bad, nullptr) == -EINVAL);
    CHECK(call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &bad, nullptr) == -EINVAL);
  }
}

TEST_CASE("the resolution is a nanosecond") {
  timespec resolution{1, 0};
  REQUIRE(clock_getres(CLOCK_MONOTONIC, &resolution) == 0);
  CHECK(resolution.tv_sec == 0);
  CHECK(resolution.tv_nsec == 1);
}

TEST_CASE("all ways to ask for the date give the same") {
  const long long before = now(CLOCK_REALTIME) / kSecond;
  timeval value;
  REQUIRE(gettimeofday(&value, nullptr) == 0);
  const time_t seconds = time(nullptr);
  const long long after = now(CLOCK_REALTIME) / kSecond;
  CHECK(value.tv_sec >= before);
  CHECK(value.tv_sec <= after);
  CHECK(seconds >= before);
  CHECK(seconds <= after);
}
