// What all cores of the debuggee do at the same time.
#include <pthread.h>
#include <sys/mman.h>
#include <toro/cores.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "toro/fault.hpp"

extern "C" {

// main.cpp
extern volatile int released;
void write_8();
void say(const char* text);

// Each core changes its own.
volatile std::uint64_t turns[64] = {};
volatile std::uint64_t met[64] = {};
volatile int turn_of = -1;

[[gnu::noinline]] void core_arrives(unsigned core) {
  asm volatile("" : : "r"(core) : "memory");
}

[[gnu::noinline]] void spin_on(unsigned core) {
  while (released == 0) turns[core] = turns[core] + 1;
}

[[gnu::noinline]] void spin_on_without_interrupts(unsigned core) {
  asm volatile("cli");
  spin_on(core);
  asm volatile("sti");
}

[[gnu::noinline]] void fault_on(unsigned core) {
  for (; released == 0; turns[core] = turns[core] + 1)
    static_cast<void>(toro::guarded([] { return *static_cast<const volatile int*>(nullptr); }));
}

// For a debugger to call: takes a right away, which every core is to have forgotten.
[[gnu::used, gnu::retain]] int take_right_away() {
  constexpr std::size_t kPage = 4096;
  void* const page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mprotect(page, kPage, PROT_READ) == 0 && munmap(page, kPage) == 0 ? 1 : -1;
}

[[gnu::noinline]] void meet(unsigned core) {
  met[core] = met[core] + 1;
}

// What a soak writes and reads back, and what each core has come to.
volatile std::uint64_t soak_scratch[64] = {};
volatile std::uint64_t soaked[64] = {};

[[gnu::noinline]] void soak_mark(unsigned core, std::uint64_t round, std::uint64_t checksum) {
  asm volatile("" : : "r"(core), "r"(round), "r"(checksum) : "memory");
}

[[gnu::noinline]] void soak(unsigned core) {
  std::uint64_t checksum = core;
  std::uint64_t round = 0;
  for (; released == 0; ++round) {
    checksum = checksum * 6364136223846793005 + round;
    soak_mark(core, round, checksum);
    soaked[core] = round;
    static_cast<void>(soak_scratch[core]);
    for (volatile int load = 0; load < 20000; load = load + 1) {
    }
    if (round % 16 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::printf("core %u: %llu rounds, checksum %llu\n", core, static_cast<unsigned long long>(round),
              static_cast<unsigned long long>(checksum));
  std::fflush(stdout);
}

[[gnu::noinline]] void wait_for_turn(int core) {
  while (turn_of != core && released == 0) asm volatile("pause");  // line: turn
}

}  // extern "C"

namespace {

/// Runs `f` on every core at the same time: not before all are there, because a core that goes on without interrupts
/// keeps the others from changing pages.
void on_all_cores(void (*f)(unsigned core)) {
  std::atomic<unsigned> coming = toro::cores();
  std::atomic<unsigned> left = toro::cores();
  const auto run = [&coming, &left, f](unsigned core) {
    char name[16];
    std::snprintf(name, sizeof name, "on-core-%u", core);
    pthread_setname_np(pthread_self(), name);
    --coming;
    while (coming != 0) std::this_thread::yield();
    f(core);
    --left;
  };
  for (unsigned core = 1; core < toro::cores(); ++core) toro::post(core, [run, core] { run(core); });
  run(0);
  while (left != 0) std::this_thread::yield();
}

int rounds = 0;
std::atomic<int> parked = 0;

/// Threads of this core that wait until `released` is set.
void park(int count) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([i] {
      char name[16];
      std::snprintf(name, sizeof name, "parked-%d", i);
      pthread_setname_np(pthread_self(), name);
      ++parked;
      while (released == 0) std::this_thread::sleep_for(std::chrono::seconds(2));
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace

int run_on_cores(std::string_view what, const char* argument) {
  if (what == "cores-arrive") {
    on_all_cores([](unsigned core) {
      core_arrives(core);
      spin_on(core);
    });
  }
  if (what == "cores-spin") on_all_cores(spin_on);
  if (what == "cores-faults") on_all_cores(fault_on);
  if (what == "cores-cli") on_all_cores(spin_on_without_interrupts);
  if (what == "cores-meet") {
    rounds = std::atoi(argument);
    on_all_cores([](unsigned core) {
      for (int i = 0; i < rounds; ++i) meet(core);
    });
    std::uint64_t sum = 0;
    for (const volatile std::uint64_t& count : met) sum = sum + count;
    std::printf("met: %llu\n", static_cast<unsigned long long>(sum));
    std::fflush(stdout);
  }
  if (what == "cores-touch") {
    on_all_cores([](unsigned core) {
      if (core == toro::cores() - 1)
        while (released == 0) write_8();
      else
        spin_on(core);
    });
  }
  if (what == "cores-all-touch") {
    on_all_cores([](unsigned) {
      for (int i = 0; i < 5; ++i) write_8();
    });
  }
  if (what == "cores-threads") {
    rounds = std::atoi(argument);
    on_all_cores([](unsigned core) {
      const int all = rounds * static_cast<int>(toro::cores());
      if (core == 0) {
        std::thread([all] {
          while (parked != all) std::this_thread::sleep_for(std::chrono::milliseconds(1));
          say("all are parked");
        }).detach();
      }
      park(rounds);
    });
  }
  if (what == "cores-fault")  // all have started, and rest
    for (unsigned core = 1; core < toro::cores(); ++core) toro::run_on(core, [] {});
  if (what == "cores-soak") on_all_cores(soak);
  if (what == "cores-turn") {
    on_all_cores([](unsigned core) {
      if (core != 0) return spin_on(core);
      wait_for_turn(1);
    });
  }
  return 0;
}
