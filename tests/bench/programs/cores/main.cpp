// Between cores: what it takes to say something to another core, to wake it, and for all to talk to all.
#include <semaphore.h>
#include <time.h>

#include <atomic>
#include <cstdint>

#include "measure.hpp"
#include "platform.hpp"

namespace {

/// Counts down what has to happen; whoever waits for it sleeps.
class Countdown {
 public:
  explicit Countdown(std::uint64_t count) : left_(count) { sem_init(&zero_, 0, 0); }
  ~Countdown() { sem_destroy(&zero_); }
  Countdown(const Countdown&) = delete;
  Countdown& operator=(const Countdown&) = delete;

  /// True for the last.
  bool one_less() { return left_.fetch_sub(1) == 1; }
  void open() { sem_post(&zero_); }
  void wait() {
    while (sem_wait(&zero_) != 0) {
    }
  }

 private:
  std::atomic<std::uint64_t> left_;
  sem_t zero_;
};

/// Waits until the value is `turn`; neither side sleeps.
void spin_until(const std::atomic<std::uint64_t>& value, std::uint64_t turn) {
  while (value.load(std::memory_order_acquire) != turn) __builtin_ia32_pause();
}

/// The floor of everything here: a cache line goes to another core and back.
void cache_line(bench::Run& run) {
  if (platform::cores() < 2) return run.skip("needs 2 cores");
  run.measure(20'000, [](std::uint64_t n) {
    alignas(64) std::atomic<std::uint64_t> turn = 0;
    platform::post(1, [&turn, n] {
      for (std::uint64_t i = 0; i < n; ++i) {
        spin_until(turn, 2 * i + 1);
        turn.store(2 * i + 2, std::memory_order_release);
      }
    });
    for (std::uint64_t i = 0; i < n; ++i) {
      turn.store(2 * i + 1, std::memory_order_release);
      spin_until(turn, 2 * i + 2);
    }
  });
}

/// A message to core 1, which answers by a message.
struct RoundTrip {
  std::uint64_t left;
  Countdown done{1};

  void ping() {
    platform::post(1, [this] { platform::post(0, [this] { pong(); }); });
  }
  void pong() {
    if (--left == 0)
      done.open();
    else
      ping();
  }
};

void round_trip(bench::Run& run) {
  if (platform::cores() < 2) return run.skip("needs 2 cores");
  run.measure(10'000, [](std::uint64_t n) {
    RoundTrip trip{.left = n};
    trip.ping();
    trip.done.wait();
  });
}

/// A message that goes to core 1 and back, between two threads that look for it again and again.
void message(bench::Run& run) {
  if (platform::cores() < 2) return run.skip("needs 2 cores");
  run.measure(20'000, [](std::uint64_t n) {
    platform::Channel<std::uint64_t> here;
    std::atomic<platform::Channel<std::uint64_t>*> there = nullptr;
    platform::post(1, [&here, &there, n] {
      platform::Channel<std::uint64_t> mine;
      there.store(&mine, std::memory_order_release);
      for (std::uint64_t i = 0; i < n; ++i) here.send(platform::poll(mine));
    });
    while (there.load(std::memory_order_acquire) == nullptr) __builtin_ia32_pause();
    for (std::uint64_t i = 0; i < n; ++i) {
      there.load(std::memory_order_relaxed)->send(i);
      if (platform::poll(here) != i) std::abort();
    }
  });
}

void run_on(bench::Run& run) {
  if (platform::cores() < 2) return run.skip("needs 2 cores");
  run.measure(10'000, [](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) platform::run_on(1, [] {});
  });
}

/// From the call on core 0 until the function begins on core 1, which has halted meanwhile.
void wake(bench::Run& run) {
  if (platform::cores() < 2) return run.skip("needs 2 cores");
  run.measure_part(200, [](std::uint64_t n) {
    constexpr timespec kUntilHalted{.tv_sec = 0, .tv_nsec = 1'000'000};
    bench::Time taken{};
    for (std::uint64_t i = 0; i < n; ++i) {
      nanosleep(&kUntilHalted, nullptr);
      const bench::Time start = bench::Time::now();
      platform::run_on(1, [&] { taken += bench::Time::now() - start; });
    }
    return taken;
  });
}

/// Every core sends as many messages to every other; per message.
void all_to_all(bench::Run& run) {
  const std::uint32_t cores = platform::cores();
  if (cores < 2) return run.skip("needs 2 cores");
  const std::uint64_t pairs = std::uint64_t{cores} * (cores - 1);
  run.measure(
      20'000,
      [cores, pairs](std::uint64_t n) {
        Countdown countdown(n * pairs);
        const auto arrive = [&countdown] {
          if (countdown.one_less()) countdown.open();
        };
        for (std::uint32_t from = 0; from < cores; ++from) {
          platform::post(from, [=] {
            for (std::uint64_t i = 0; i < n; ++i)
              for (std::uint32_t to = 0; to < cores; ++to)
                if (to != from) platform::post(to, arrive);
          });
        }
        countdown.wait();
      },
      pairs);
}

constexpr bench::Case kCases[] = {
    {"cache-line", cache_line}, {"message", message}, {"round-trip", round_trip},
    {"run-on", run_on},         {"wake", wake},       {"all-to-all", all_to_all},
};

}  // namespace

int main(int argc, char** argv) {
  platform::stay_on_first_core();
  return bench::run(kCases, {argv, static_cast<std::size_t>(argc)});
}
