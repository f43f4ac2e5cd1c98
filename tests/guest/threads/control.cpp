// Suspending, resuming and killing threads, and how they end themselves.
#include <doctest/doctest.h>
#include <toro/cores.hpp>
#include <toro/sync.hpp>
#include <toro/thread.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace {

using namespace std::chrono_literals;

std::uint32_t last_core() {
  return toro::cores() - 1;
}

struct Noted {
  std::atomic<bool>& ended;
  ~Noted() { ended = true; }
};

}  // namespace

TEST_CASE("exit runs destructors, and join gives void or NoResult") {
  std::atomic<bool> ended = false;
  toro::thread::create({}, [&] {
    const Noted noted{ended};
    toro::this_thread::exit();
  }).join();
  CHECK(ended);
  auto without = toro::thread::create({}, []() -> int { toro::this_thread::exit(); });
  CHECK_THROWS_AS(without.join(), toro::thread::NoResult);
}

TEST_CASE("a suspended thread does not run until it is resumed") {
  for (const std::uint32_t core : {0U, last_core()}) {
    std::atomic<int> count = 0;
    std::atomic<bool> stop = false;
    auto thread = toro::thread::create({.core = core}, [&] {
      for (; !stop; toro::this_thread::yield()) ++count;
    });
    while (count < 10) toro::this_thread::yield();
    thread.suspend();
    const int then = count;
    toro::this_thread::sleep_for(2ms);
    CHECK(count == then);
    thread.resume();
    while (count == then) toro::this_thread::yield();
    stop = true;
    thread.join();
  }
}

TEST_CASE("what a suspended thread waits for may come meanwhile") {
  for (const std::uint32_t core : {0U, last_core()}) {
    std::atomic<bool> awake = false;
    toro::Event event;
    auto thread = toro::thread::create({.core = core}, [&] {
      event.wait();
      awake = true;
    });
    thread.suspend();
    event.set();
    toro::this_thread::sleep_for(5ms);
    CHECK_FALSE(awake);
    thread.resume();
    thread.join();
    CHECK(awake);
  }
}

TEST_CASE("a thread that suspended itself is resumed") {
  for (const std::uint32_t core : {0U, last_core()}) {
    std::atomic<int> step = 0;
    auto thread = toro::thread::create({.core = core}, [&] {
      step = 1;
      toro::this_thread::suspend();
      step = 2;
    });
    while (step == 0) toro::this_thread::yield();
    toro::this_thread::sleep_for(1ms);
    CHECK(step == 1);
    thread.resume();
    thread.join();
    CHECK(step == 2);
  }
}

TEST_CASE("a killed thread's stack is unwound: where it yields, sleeps, is suspended, joins") {
  const auto kill = [](std::uint32_t core, auto body) {
    std::atomic<bool> began = false, ended = false, went_on = false;
    auto thread = toro::thread::create({.core = core}, [&] {
      const Noted noted{ended};
      began = true;
      body();
      went_on = true;
    });
    while (!began) toro::this_thread::yield();
    thread.kill();
    thread.join();
    CHECK(ended);
    CHECK_FALSE(went_on);
  };
  for (const std::uint32_t core : {0U, last_core()}) {
    kill(core, [] {
      for (;;) toro::this_thread::yield();
    });
    kill(core, [] {
      for (;;) toro::this_thread::poll_hint();
    });
    kill(core, [] { toro::this_thread::sleep_for(1h); });
    kill(core, [] { toro::this_thread::suspend(); });
    kill(core, [] {
      for (;;) try {
          toro::this_thread::yield();
        } catch (...) {  // it does not help
          toro::this_thread::yield();
        }
    });
  }
}

TEST_CASE("a thread that is killed while it joins leaves the other alone") {
  std::atomic<bool> stop = false;
  auto other = toro::thread::create({}, [&] {
    while (!stop) toro::this_thread::yield();
  });
  std::atomic<bool> began = false;
  auto joiner = toro::thread::create({}, [&] {
    began = true;
    other.join();
  });
  while (!began) toro::this_thread::yield();
  toro::this_thread::yield();
  joiner.kill();
  joiner.join();
  REQUIRE(other.joinable());
  stop = true;
  other.join();
}

TEST_CASE("a wait of the C++ library goes on to its end in a killed thread") {
  std::mutex mutex;
  std::condition_variable changed;
  bool go = false;
  std::atomic<bool> waited = false, went_on = false, began = false;
  auto thread = toro::thread::create({.core = last_core()}, [&] {
    {
      std::unique_lock lock(mutex);
      began = true;
      changed.wait(lock, [&] { return go; });
    }
    waited = true;
    toro::this_thread::yield();
    went_on = true;
  });
  while (!began) toro::this_thread::yield();
  thread.kill();
  CHECK_FALSE(waited);
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  changed.notify_all();
  thread.join();
  CHECK(waited);
  CHECK_FALSE(went_on);
}

TEST_CASE("a killed thread's successor is not killed") {
  auto victim = toro::thread::create({}, [] {
    for (;;) toro::this_thread::yield();
  });
  victim.kill();
  victim.join();
  int turns = 0;
  toro::thread::create({}, [&] {
    for (; turns < 10; ++turns) toro::this_thread::yield();
  }).join();
  CHECK(turns == 10);
}

TEST_CASE("sleep lasts as long as asked, and at most a millisecond longer in the middle of many") {
  // Where the host itself is late, as one is that has less cores than work, a later series may have a quieter one.
  constexpr int kSeries = 20;
  bool in_time = false;
  for (int series = 0; series < kSeries && !in_time; ++series) {
    std::vector<std::chrono::nanoseconds> beyond;
    for (int i = 0; i < 51; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      toro::this_thread::sleep_for(2ms);
      beyond.push_back(std::chrono::steady_clock::now() - begin - 2ms);
      CHECK(beyond.back() >= 0ns);
    }
    std::ranges::nth_element(beyond, beyond.begin() + 25);
    in_time = beyond[25] < 1ms;
  }
  CHECK(in_time);
}

TEST_CASE("a core whose threads only poll still serves timers and other cores") {
  for (const std::uint32_t core : {0U, last_core()}) {
    std::atomic<bool> stop = false;
    auto first = toro::thread::create({.core = core}, [&] {
      while (!stop) toro::this_thread::poll_hint();
    });
    auto second = toro::thread::create({.core = core}, [&] {
      while (!stop) toro::this_thread::poll_hint();
    });
    toro::this_thread::sleep_for(3ms);
    CHECK(toro::run_on(core, [] { return 1; }) == 1);
    stop = true;
    toro::run_on(core, [] {});  // an interrupt, or a message, by which they look again
    first.join();
    second.join();
  }
}
