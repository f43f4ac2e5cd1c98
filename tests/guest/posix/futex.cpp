// Futexes: what wakes whom, and what does not.
#include <doctest/doctest.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <thread>
#include <vector>

#include "calls.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::uint32_t first = 0;
std::uint32_t second = 0;

/// Threads that wait for `word` to leave 0 and then say what the call gave them.
struct Waiters {
  std::vector<std::thread> threads;
  std::vector<long> results;

  Waiters(std::uint32_t& word, int count) : results(static_cast<std::size_t>(count), 1) {
    for (long& result : results) threads.emplace_back([&] { result = call(SYS_futex, &word, FUTEX_WAIT, 0, nullptr); });
    std::this_thread::yield();  // each runs until it waits
  }
  int woken() {
    std::this_thread::yield();
    int count = 0;
    for (const long result : results) count += result == 0;
    return count;
  }
  ~Waiters() {
    for (auto& thread : threads) thread.join();
  }
};

long wake(std::uint32_t& word, int count) {
  return call(SYS_futex, &word, FUTEX_WAKE, count);
}

timespec in(std::chrono::nanoseconds duration, clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  const long long ns = now.tv_nsec + duration.count();
  return {now.tv_sec + static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

TEST_CASE("a word that differs is not waited for") {
  CHECK(call(SYS_futex, &first, FUTEX_WAIT, 1, nullptr) == -EAGAIN);
  CHECK(call(SYS_futex, &first, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1, nullptr) == -EAGAIN);
}

TEST_CASE("a wake reaches as many as it says, in the order of their waiting") {
  CHECK(wake(first, INT_MAX) == 0);
  Waiters waiters(first, 4);
  CHECK(wake(second, INT_MAX) == 0);
  CHECK(waiters.woken() == 0);
  CHECK(wake(first, 1) == 1);
  CHECK(waiters.woken() == 1);
  CHECK(waiters.results[0] == 0);
  CHECK(wake(first, 2) == 2);
  CHECK(waiters.woken() == 3);
  CHECK(waiters.results[3] == 1);
  CHECK(wake(first, INT_MAX) == 1);
}

TEST_CASE("words of one queue do not wake each other") {
  static std::uint32_t words[512];  // of 64 queues
  Waiters waiters(words[0], 2);
  for (std::size_t i = 1; i < std::size(words); ++i) CHECK(wake(words[i], INT_MAX) == 0);
  CHECK(waiters.woken() == 0);
  CHECK(wake(words[0], INT_MAX) == 2);
}

TEST_CASE("a requeue wakes some and moves the others") {
  Waiters waiters(first, 4);
  CHECK(call(SYS_futex, &first, FUTEX_CMP_REQUEUE, 1, 2, &second, 1) == -EAGAIN);
  CHECK(waiters.woken() == 0);
  CHECK(call(SYS_futex, &first, FUTEX_CMP_REQUEUE, 1, 2, &second, 0) == 3);
  CHECK(waiters.woken() == 1);
  CHECK(wake(first, INT_MAX) == 1);
  CHECK(waiters.woken() == 2);
  CHECK(wake(second, INT_MAX) == 2);
  CHECK(waiters.woken() == 4);
}

TEST_CASE("a requeue to the same word loses nobody") {
  Waiters waiters(first, 3);
  CHECK(call(SYS_futex, &first, FUTEX_REQUEUE, 0, INT_MAX, &first) == 3);
  CHECK(wake(first, INT_MAX) == 3);
}

TEST_CASE("a wait ends at its deadline: a duration, or a point in time of either clock") {
  const auto begin = Clock::now();
  const timespec duration{0, 5'000'000};
  CHECK(call(SYS_futex, &first, FUTEX_WAIT, 0, &duration) == -ETIMEDOUT);
  timespec point = in(5ms, CLOCK_MONOTONIC);
  CHECK(call(SYS_futex, &first, FUTEX_WAIT_BITSET, 0, &point, nullptr, FUTEX_BITSET_MATCH_ANY) == -ETIMEDOUT);
  point = in(5ms, CLOCK_REALTIME);
  CHECK(call(SYS_futex, &first, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &point, nullptr, FUTEX_BITSET_MATCH_ANY) ==
        -ETIMEDOUT);
  CHECK(Clock::now() - begin >= 15ms);
  CHECK(Clock::now() - begin < 1s);
  point = {0, 0};
  CHECK(call(SYS_futex, &first, FUTEX_WAIT_BITSET, 0, &point, nullptr, FUTEX_BITSET_MATCH_ANY) == -ETIMEDOUT);
  CHECK(wake(first, INT_MAX) == 0);  // nobody was left behind
}

TEST_CASE("a wake before the deadline is no timeout") {
  long result = 1;
  const timespec duration{10, 0};
  const auto begin = Clock::now();
  std::thread waiter([&] { result = call(SYS_futex, &first, FUTEX_WAIT, 0, &duration); });
  std::this_thread::sleep_for(5ms);
  CHECK(wake(first, 1) == 1);
  waiter.join();
  CHECK(result == 0);
  CHECK(Clock::now() - begin < 5s);
}

TEST_CASE("what no futex can do is refused") {
  const timespec bad{0, 1'000'000'000};
  const timespec negative{-1, 0};
  CHECK(call(SYS_futex, &first, FUTEX_WAIT, 0, &bad) == -EINVAL);
  CHECK(call(SYS_futex, &first, FUTEX_WAIT, 0, &negative) == -EINVAL);
  CHECK(call(SYS_futex, &first, FUTEX_LOCK_PI, 0, nullptr) == -ENOSYS);
}
