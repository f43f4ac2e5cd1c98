// Hammers the way by which a halted core is woken: a wake-up that is lost leaves both sides waiting, which is a
// deadlock that the kernel names. Arguments: seconds, 3 by default.
#include <toro/cores.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

/// Busy for so long that the other side is now halting, now halted, now not yet.
void delay(std::uint32_t& random) {
  random = random * 1664525 + 1013904223;
  for (volatile std::uint32_t i = random >> 22; i > 0; i = i - 1);
}

struct Pair {
  std::binary_semaphore there{0};
  std::binary_semaphore back{0};
  std::uint64_t trips = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const auto end = Clock::now() + std::chrono::seconds(argc > 1 ? std::atoi(argv[1]) : 3);
  // A pair for each core and the next one, with a thread on either side.
  std::vector<Pair> pairs(toro::cores());
  std::vector<std::thread> starters;
  std::atomic<bool> stop = false;
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    Pair& pair = pairs[core];
    starters.emplace_back([&pair, &stop, core] {
      toro::run_on(core, [&] {
        for (std::uint32_t random = core;; ++pair.trips) {
          delay(random);
          pair.there.release();
          if (stop) return;
          pair.back.acquire();
        }
      });
    });
    starters.emplace_back([&pair, &stop, core] {
      toro::run_on((core + 1) % toro::cores(), [&] {
        for (std::uint32_t random = ~core;;) {
          pair.there.acquire();
          if (stop) return;
          delay(random);
          pair.back.release();
        }
      });
    });
  }
  std::this_thread::sleep_until(end);
  stop = true;
  for (Pair& pair : pairs) {
    pair.there.release();
    pair.back.release();
  }
  for (std::thread& starter : starters) starter.join();
  std::uint64_t trips = 0;
  for (const Pair& pair : pairs) trips += pair.trips;
  std::printf("%llu round trips on %u cores\n", static_cast<unsigned long long>(trips), toro::cores());
  return trips > 0 ? 0 : 1;
}
