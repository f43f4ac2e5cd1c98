// What lies below every stack, and what a stack that ends there leaves of its neighbours.
#include <doctest/doctest.h>
#include <pthread.h>
#include <toro/cores.hpp>
#include <toro/fault.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "kernel/arch/x86_64/context.hpp"
#include "security/page_tables.hpp"
#include "security/task_state.hpp"

namespace {

using security::Rights;
using security::rights_of;

constexpr std::uintptr_t kPageSize = 4096;

struct TaskState {
  std::array<std::uint64_t, 7> stacks;  ///< IST1 to IST7; 0 where there is none
};

/// The calling core's.
TaskState task_state() {
  TaskState state{};
  std::memcpy(&state.stacks, reinterpret_cast<const void*>(task_state_address() + kIst1), sizeof state.stacks);
  return state;
}

/// The lowest byte of the stack that ends at `top`, at most 1 MiB: where the first page below is not data.
std::uintptr_t low_of(std::uintptr_t top) {
  std::uintptr_t page = top - kPageSize;
  while (top - page < (1 << 20) && rights_of(page - 1) == Rights::read_write) page -= kPageSize;
  return page;
}

[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  asm volatile("" : "+r"(depth)::"memory");
  if (depth < 0) return 0;
  return recurse(depth + 1) + frame[0];
}

}  // namespace

TEST_CASE("each core has trap stacks of its own, with a guard page below each") {
  std::vector<std::uint64_t> tops;
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    for (const std::uint64_t top : toro::run_on(core, task_state).stacks) {
      if (top == 0) continue;
      CAPTURE(core);
      CAPTURE(top);
      CHECK(top - low_of(top) == 8192);
      CHECK(rights_of(low_of(top) - 1) == Rights::none);
      tops.push_back(top);
    }
  }
  CHECK(tops.size() == toro::cores() * 4);
  std::ranges::sort(tops);
  CHECK(std::ranges::adjacent_find(tops) == tops.end());
}

TEST_CASE("the stack on which each core starts and idles has a guard page below") {
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    const toro::arch::Context* idle = toro::arch::contexts.on(core).first;
    CAPTURE(core);
    CHECK(rights_of(idle->stack_low) == Rights::read_write);
    CHECK(rights_of(idle->stack_low - 1) == Rights::none);
    CHECK(idle->stack_high - idle->stack_low == 16384);
  }
}

TEST_CASE("a stack that overflows is a fault of its thread, on every core at once, and its neighbours are whole") {
  constexpr unsigned char kPattern = 0x5a;
  std::vector<std::thread> threads;
  std::atomic<std::uint32_t> faults = 0;
  std::atomic<std::uint32_t> whole = 0;
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    for (int neighbour = 0; neighbour < 2; ++neighbour)
      threads.emplace_back([&, core] {
        toro::run_on(core, [&] {
          std::array<volatile unsigned char, 8192> mine;
          for (auto& byte : mine) byte = kPattern;
          while (faults < toro::cores()) std::this_thread::yield();
          whole += std::ranges::all_of(mine, [](unsigned char byte) { return byte == kPattern; }) ? 1 : 0;
        });
      });
    threads.emplace_back([&, core] {
      toro::run_on(core, [&] {
        const auto result = toro::guarded([] { return recurse(0); });
        if (!result && result.error().kind == toro::FaultKind::page) ++faults;
      });
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(faults == toro::cores());
  CHECK(whole == 2 * toro::cores());
}

TEST_CASE("every core catches faults of every kind at the same time") {
  std::atomic<std::uint32_t> caught = 0;
  std::vector<std::thread> threads;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    threads.emplace_back([&caught, core] {
      toro::run_on(core, [&caught] {
        const auto is = [](const std::expected<void, toro::Fault>& result, toro::FaultKind kind) {
          return !result && result.error().kind == kind ? 1U : 0U;
        };
        for (int i = 0; i < 100; ++i) {
          caught +=
              is(toro::guarded([] { asm volatile("idivl %2"
                                                 :
                                                 : "a"(1), "d"(0), "r"(0)); }), toro::FaultKind::divide);
          caught += is(toro::guarded([] { asm volatile("ud2"); }), toro::FaultKind::invalid_opcode);
          caught += is(toro::guarded([] {
                         asm volatile("movl (%0), %%eax" : : "r"(8ULL) : "eax", "memory");
                       }),
                       toro::FaultKind::page);
          caught += is(toro::guarded([] {
                         asm volatile("movl (%0), %%eax" : : "r"(1ULL << 63) : "eax", "memory");
                       }),
                       toro::FaultKind::general_protection);
        }
      });
    });
  for (auto& thread : threads) thread.join();
  CHECK(caught == 400 * toro::cores());
}
