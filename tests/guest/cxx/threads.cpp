// std::thread and its kin on the core's scheduler.
#include <doctest/doctest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cfenv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

thread_local int number = 7;
int destroyed = 0;

struct Noted {
  int value = 3;
  ~Noted() { ++destroyed; }
};
thread_local Noted noted;

[[gnu::noinline]] void throw_at_depth(int n) {
  const std::string guard(50, 'x');
  if (n == 0) throw std::runtime_error(guard);
  throw_at_depth(n - 1);
}

}  // namespace

TEST_CASE("a mutex locks") {
  std::mutex mutex;
  const std::lock_guard lock(mutex);
  CHECK_FALSE(mutex.try_lock());
}

TEST_CASE("four threads wait for a condition, each throws, and their thread_local objects end") {
  std::atomic<int> sum = 0;
  std::mutex mutex;
  std::condition_variable condition;
  bool go = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      number = 50;
      {
        std::unique_lock lock(mutex);
        condition.wait(lock, [&] { return go; });
      }
      try {
        throw_at_depth(3);
      } catch (const std::exception&) {
        sum += number;
      }
      CHECK(noted.value == 3);
    });
  }
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  condition.notify_all();
  for (auto& thread : threads) thread.join();
  CHECK(sum == 200);
  CHECK(number == 7);
  CHECK(destroyed == 4);
}

TEST_CASE("an exception in flight stays with its thread over a switch") {
  std::string first, second;
  const auto body = [](std::string& out, const char* text) {
    try {
      throw std::runtime_error(text);
    } catch (const std::exception& e) {
      std::this_thread::yield();
      out = e.what();
      CHECK(std::uncaught_exceptions() == 0);
    }
  };
  std::thread a(body, std::ref(first), "first");
  std::thread b(body, std::ref(second), "second");
  a.join();
  b.join();
  CHECK(first == "first");
  CHECK(second == "second");
}

TEST_CASE("sleep lasts as long as asked, and at most a little longer") {
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(20ms);
  const auto slept = std::chrono::steady_clock::now() - start;
  CHECK(slept >= 20ms);
  CHECK(slept < 500ms);  // the host may be busy
}

TEST_CASE("sleepers wake in the order of their deadlines") {
  using Clock = std::chrono::steady_clock;
  // On a busy host a deadline may pass before all sleep: then it is tried with more time.
  for (Clock::duration unit = 10ms;; unit *= 2) {
    std::string order;
    std::vector<std::thread> threads;
    const auto start = Clock::now();
    Clock::time_point last_asleep;
    for (const int number : {3, 1, 2}) {
      threads.emplace_back([&, number] {
        last_asleep = Clock::now();
        std::this_thread::sleep_until(start + number * unit);
        order += static_cast<char>('0' + number);
      });
    }
    for (auto& thread : threads) thread.join();
    if (last_asleep >= start + unit && unit < 10s) continue;
    CHECK(order == "123");
    return;
  }
}

TEST_CASE("a wait with a deadline times out") {
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  CHECK(condition.wait_for(lock, 5ms) == std::cv_status::timeout);
}

TEST_CASE("floating point survives a switch within a system call") {
  double x = 1.5;
  std::thread other([] {
    double y = 2.0;
    for (int i = 0; i < 100; ++i) {
      y *= 1.0001;
      std::this_thread::yield();
    }
    CHECK(y > 2.0);
  });
  for (int i = 0; i < 100; ++i) {
    const double before = x;
    asm volatile("syscall" : : "a"(24) : "rcx", "r11", "memory");  // sched_yield; SSE registers are not clobbered
    x = before + 1.0;
  }
  other.join();
  CHECK(x == 101.5);
}

namespace {

/// Sleeps with `value` in two SSE registers; whether it is there afterwards.
bool survives_sleep(std::uint64_t value, long nanoseconds) {
  const timespec time{.tv_sec = 0, .tv_nsec = nanoseconds};
  long call = 35;  // nanosleep; SSE registers are not clobbered
  std::uint64_t low, high;
  asm volatile("movq %[value], %%xmm3\n movq %[value], %%xmm15\n syscall\n movq %%xmm3, %[low]\n movq %%xmm15, %[high]"
               : "+a"(call), [low] "=&r"(low), [high] "=&r"(high)
               : [value] "r"(value), "D"(&time), "S"(nullptr)
               : "rcx", "r11", "xmm3", "xmm15", "memory");
  return low == value && high == value;
}

}  // namespace

TEST_CASE("floating point survives a wait in which nobody runs, and one in which others do that wait so, too") {
  constexpr std::uint64_t kThreads = 6, kRounds = 50;
  CHECK(survives_sleep(1, 100'000));
  int survived = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < kThreads; ++i)
      threads.emplace_back([&survived, i] {
        const int mode = i % 2 == 0 ? FE_UPWARD : FE_TONEAREST;
        std::fesetround(mode);
        for (std::uint64_t round = 0; round < kRounds; ++round) {
          const bool kept = survives_sleep(i * kRounds + round, static_cast<long>(1'000 * ((round * (i + 3)) % 97)));
          if (kept && std::fegetround() == mode) ++survived;
          if (round % 8 == i) std::this_thread::yield();
        }
      });
  }
  CHECK(survived == kThreads * kRounds);
}

TEST_CASE("a hundred threads come and go") {
  int count = 0;
  for (int i = 0; i < 100; ++i) std::thread([&] { ++count; }).join();
  CHECK(count == 100);
}

TEST_CASE("the wall clock shows this century") {
  const auto now = std::chrono::system_clock::now();
  CHECK(now > std::chrono::sys_days{std::chrono::year{2025} / 1 / 1});
  CHECK(now < std::chrono::sys_days{std::chrono::year{2100} / 1 / 1});
}

TEST_CASE("mutexes that their initializers say are recursive or checked are so") {
  pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
  CHECK_EQ(pthread_mutex_lock(&recursive), 0);
  CHECK_EQ(pthread_mutex_lock(&recursive), 0);
  CHECK_EQ(pthread_mutex_unlock(&recursive), 0);
  std::thread([&] { CHECK_EQ(pthread_mutex_trylock(&recursive), EBUSY); }).join();
  CHECK_EQ(pthread_mutex_unlock(&recursive), 0);
  CHECK_EQ(pthread_mutex_unlock(&recursive), EPERM);
  pthread_mutex_t checked = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
  CHECK_EQ(pthread_mutex_lock(&checked), 0);
  CHECK_EQ(pthread_mutex_lock(&checked), EDEADLK);
  CHECK_EQ(pthread_mutex_unlock(&checked), 0);
}

TEST_CASE("cleanup handlers run at a thread's end, at an exception and where they are popped to run") {
  static std::string ran;
  const auto note = [](void* what) { ran += static_cast<const char*>(what); };
  static const auto says = [](const char* what) { return const_cast<char*>(what); };
  pthread_cleanup_push(note, says("not "));
  pthread_cleanup_push(note, says("popped "));
  pthread_cleanup_pop(1);
  pthread_cleanup_pop(0);
  try {
    pthread_cleanup_push(note, says("thrown "));
    throw_at_depth(2);
    pthread_cleanup_pop(0);
  } catch (const std::runtime_error&) {
  }
  std::thread([&] {
    pthread_cleanup_push(note, says("first\n"));
    pthread_cleanup_push(note, says("last "));
    pthread_exit(nullptr);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
  }).join();
  CHECK_EQ(ran, "popped thrown last first\n");
}
