// Threads on chosen cores: what they are given, what they give back, what is theirs.
#include <doctest/doctest.h>
#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#include <toro/cores.hpp>
#include <toro/thread.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::uint32_t last_core() {
  return toro::cores() - 1;
}

std::atomic<int> ended = 0;

struct Counted {
  int value = 7;
  ~Counted() { ++ended; }
};
thread_local Counted counted;
thread_local int plain = 3;
thread_local int zero;

/// Yields with a value of its own in every register that a call keeps, and counts those that come back changed.
long changed_by_yield(long seed) {
  long changed = 0;
  asm volatile(
      "movq %%rsp, %%rbx\n\t"
      "leaq -128(%%rsp), %%rsp\n\t"  // compiled code keeps data there
      "andq $-16, %%rsp\n\t"
      "leaq 2(%[changed]), %%r12\n\t"
      "leaq 3(%[changed]), %%r13\n\t"
      "leaq 4(%[changed]), %%r14\n\t"
      "leaq 5(%[changed]), %%r15\n\t"
      "pushq %[changed]\n\t"
      "pushq %[changed]\n\t"
      "call *%[yield]\n\t"
      "popq %%rcx\n\t"
      "popq %[changed]\n\t"
      "movq %%rbx, %%rsp\n\t"
      "xorq %%rcx, %[changed]\n\t"
      "subq %%rcx, %%r12\n\tsubq %%rcx, %%r13\n\tsubq %%rcx, %%r14\n\tsubq %%rcx, %%r15\n\t"
      "xorq $2, %%r12\n\txorq $3, %%r13\n\txorq $4, %%r14\n\txorq $5, %%r15\n\t"
      "orq %%r12, %[changed]\n\torq %%r13, %[changed]\n\torq %%r14, %[changed]\n\torq %%r15, %[changed]\n\t"
      : [changed] "=a"(changed)
      : "0"(seed), [yield] "d"(&toro::detail::yield)
      : "rbx", "r12", "r13", "r14", "r15", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
  return changed;
}

}  // namespace

TEST_CASE("the argument arrives, here and on every other core") {
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    auto thread = toro::thread::create({.core = core, .name = "argument"}, [core, text = std::string(100, 'x')] {
      CHECK(toro::this_core() == core);
      CHECK(toro::this_thread::name() == "argument");
      CHECK(text == std::string(100, 'x'));
      return core + 1;
    });
    CHECK(thread.join() == core + 1);
    CHECK_FALSE(thread.joinable());
  }
}

TEST_CASE("a result may be moved only, and an exception arrives at join") {
  auto pointer = toro::thread::create({.core = last_core()}, [] { return std::make_unique<int>(5); });
  CHECK(*pointer.join() == 5);
  auto thrower = toro::thread::create({.core = last_core()}, []() -> int { throw std::runtime_error("there"); });
  CHECK_THROWS_AS(thrower.join(), std::runtime_error);
}

TEST_CASE("a thread can be joined from another core than its creator's") {
  auto thread = toro::thread::create({}, [] { return 11; });
  CHECK(toro::run_on(last_core(), [&] { return thread.join(); }) == 11);
}

TEST_CASE("a handle joins when it goes") {
  bool done = false;
  {
    auto thread = toro::thread::create({.core = last_core()}, [&] {
      toro::this_thread::sleep_for(std::chrono::milliseconds(1));
      done = true;
    });
  }
  CHECK(done);
}

TEST_CASE("a detached thread runs to its end") {
  for (const std::uint32_t core : {0U, last_core()}) {
    std::atomic<bool> done = false;
    toro::thread::create({.core = core}, [&] { done = true; }).detach();
    while (!done) toro::this_thread::yield();
  }
}

TEST_CASE("thread_local variables begin anew and end, though the thread is used again") {
  ended = 0;
  for (int i = 0; i < 100; ++i) {
    toro::thread::create({}, [] {
      CHECK(plain == 3);
      CHECK(zero == 0);
      CHECK(counted.value == 7);
      CHECK(errno == 0);
      CHECK(fegetround() == FE_TONEAREST);
      plain = zero = counted.value = errno = 9;
      fesetround(FE_UPWARD);
    }).join();
  }
  CHECK(ended == 100);
  CHECK(plain == 3);
}

TEST_CASE("keys of the C library end with each thread") {
  static std::atomic<int> values = 0;
  pthread_key_t key;
  REQUIRE(pthread_key_create(&key, [](void*) { ++values; }) == 0);
  for (int i = 0; i < 3; ++i) {
    toro::thread::create({}, [key] {
      CHECK(pthread_getspecific(key) == nullptr);
      pthread_setspecific(key, &values);
    }).join();
  }
  CHECK(values == 3);
  pthread_key_delete(key);
}

TEST_CASE("yield keeps the registers that a call keeps") {
  auto other = toro::thread::create({}, [] {
    for (long i = 0; i < 100; ++i) CHECK(changed_by_yield(i * 1000) == 0);
  });
  for (long i = 0; i < 100; ++i) CHECK(changed_by_yield(i * 7777) == 0);
  other.join();
}

TEST_CASE("threads of one core take turns") {
  std::string order;
  std::vector<toro::Thread<void>> threads;
  for (const char name : {'a', 'b', 'c'}) {
    threads.push_back(toro::thread::create({}, [&order, name] {
      for (int i = 0; i < 3; ++i) {
        order += name;
        toro::this_thread::yield();
      }
    }));
  }
  threads.clear();
  CHECK(order == "abcabcabc");
}

TEST_CASE("a stack is as long as it was asked for") {
  struct Use {
    static int all_of(std::size_t bytes) {
      volatile char block[4096];
      block[0] = static_cast<char>(bytes);
      return bytes <= sizeof block ? block[0] : all_of(bytes - sizeof block - 256) + block[0];
    }
  };
  toro::thread::create({.stack = std::size_t{1} << 20}, [] { Use::all_of(900 * 1024); }).join();
}

TEST_CASE("what the next thread was to be is forgotten where none came of it") {
  {
    toro::detail::NextThread next{.core = last_core(), .name = "never made"};
    const toro::detail::CreateAs as(next);
  }
  std::thread([] { CHECK(toro::this_core() == 0); }).join();
}

TEST_CASE("a stack larger than memory is bad_alloc") {
  CHECK_THROWS_AS(toro::thread::create({.stack = std::size_t{1} << 40}, [] {}).join(), std::bad_alloc);
}

TEST_CASE("main's thread is the process, as on Linux; others have ids of their own") {
  CHECK(gettid() == getpid());
  CHECK(toro::this_thread::id() == static_cast<std::uint32_t>(gettid()));
  CHECK(toro::thread::create({}, [] { return gettid(); }).join() != getpid());
}
