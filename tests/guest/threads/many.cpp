// As many threads as memory has room for, 10,000 at most.
#include <doctest/doctest.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <toro/cores.hpp>
#include <toro/thread.hpp>

#include <algorithm>
#include <atomic>
#include <vector>

namespace {

constexpr std::size_t kStack = std::size_t{64} * 1024;
constexpr std::size_t kGuard = 4096;

std::size_t free_ram() {
  struct sysinfo information;
  sysinfo(&information);
  return information.freeram;
}

/// All of them exist when the first runs.
void create_and_join(std::size_t count) {
  std::size_t ran = 0;
  std::vector<toro::Thread<void>> threads;
  threads.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    threads.push_back(toro::thread::create({.stack = kStack}, [&ran] {
      ++ran;
      toro::this_thread::yield();
    }));
  threads.clear();
  CHECK(ran == count);
}

}  // namespace

TEST_CASE("10,000 threads are created, run and joined, and memory is as it was") {
  const std::size_t count = std::min<std::size_t>(10'000, free_ram() / 2 / (kStack + kGuard));
  create_and_join(count);  // page tables for the guards below stacks stay
  toro::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::size_t before = free_ram();
  create_and_join(count);
  toro::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(free_ram() + 64 * 1024 >= before);
}

TEST_CASE("a thread costs its stack, a page below it and under 1 KB") {
  constexpr std::size_t kThreads = 200;
  std::vector<toro::Thread<void>> threads;
  threads.reserve(kThreads);
  toro::thread::create({.stack = kStack}, [] {}).join();
  const std::size_t before = free_ram();
  for (std::size_t i = 0; i < kThreads; ++i)
    threads.push_back(toro::thread::create({.stack = kStack}, [] { toro::this_thread::yield(); }));
  CHECK(before - free_ram() <= kThreads * (kStack + kGuard + 1024));
}

TEST_CASE("more threads of a core than it has messages under way ask another core at once") {
  // Each write is a message to the console's core, and the answer one to here, where nobody takes any meanwhile.
  constexpr std::size_t kThreads = 300;
  constexpr int kRounds = 5;
  std::atomic<std::size_t> answers = 0;
  {
    std::vector<toro::Thread<void>> threads;
    threads.reserve(kThreads);
    for (std::size_t i = 0; i < kThreads; ++i)
      threads.push_back(toro::thread::create({.core = toro::cores() - 1, .stack = kStack}, [&answers] {
        for (int round = 0; round < kRounds; ++round)
          if (write(STDOUT_FILENO, "", 0) == 0) ++answers;
      }));
  }
  CHECK(answers == kThreads * kRounds);
}
