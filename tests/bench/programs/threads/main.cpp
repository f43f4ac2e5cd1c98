// Threads of one core: how long it takes to yield, create, hand over, sleep, and to have ten thousand of them.
#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "measure.hpp"
#include "platform.hpp"

namespace {

/// Two threads that do nothing but yield to each other. What is measured begins when both do.
void yield(bench::Run& run) {
  run.measure_part(100'000, [](std::uint64_t n) {
    bool done = false;
    std::thread other([&done] {
      while (!std::atomic_ref(done).load(std::memory_order_relaxed)) sched_yield();
    });
    sched_yield();
    const bench::Time start = bench::Time::now();
    for (std::uint64_t i = 0; i < n; i += 2) sched_yield();
    const bench::Time taken = bench::Time::now() - start;
    done = true;
    other.join();
    return taken;
  });
}

/// A thread as the system's own interface makes it; not the first.
void native_create_join(bench::Run& run) {
  platform::create_and_join([] {});
  run.measure(20'000, [](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) platform::create_and_join([] {});
  });
}

void create_join(bench::Run& run) {
  run.measure(5'000, [](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      pthread_t thread;
      pthread_create(&thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
      pthread_join(thread, nullptr);
    }
  });
}

/// Who holds the mutex yields, so that the other comes to wait for it; the unlock hands it over.
void mutex(bench::Run& run) {
  run.measure(20'000, [](std::uint64_t n) {
    std::mutex mutex;
    const auto locks = [&] {
      for (std::uint64_t i = 0; i < n; i += 2) {
        mutex.lock();
        sched_yield();
        mutex.unlock();
        sched_yield();
      }
    };
    std::thread other(locks);
    locks();
    other.join();
  });
}

/// Two threads that wait for each other by a condition variable.
void condition(bench::Run& run) {
  run.measure(20'000, [](std::uint64_t n) {
    std::mutex mutex;
    std::condition_variable changed;
    bool first_is_next = true;
    const auto turns = [&](bool is_first) {
      for (std::uint64_t i = 0; i < n; i += 2) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return first_is_next == is_first; });
        first_is_next = !is_first;
        changed.notify_one();
      }
    };
    std::thread other(turns, false);
    turns(true);
    other.join();
  });
}

/// By how much a sleep of 2 ms is longer.
void sleep(bench::Run& run) {
  run.measure_part(20, [](std::uint64_t n) {
    constexpr timespec kTime{.tv_sec = 0, .tv_nsec = 2'000'000};
    bench::Time overshoot{};
    for (std::uint64_t i = 0; i < n; ++i) {
      const bench::Time start = bench::Time::now();
      nanosleep(&kTime, nullptr);
      const bench::Time slept = bench::Time::now() - start;
      const std::uint64_t more = slept.nanoseconds - static_cast<std::uint64_t>(kTime.tv_nsec);
      overshoot += {more, slept.ticks * more / slept.nanoseconds};
    }
    return overshoot;
  });
}

/// Ten thousand threads at once: none ends before the last is created.
void many(bench::Run& run) {
  run.measure(10'000, [&](std::uint64_t n) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, std::size_t{16} * 1024);
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&gate);
    std::vector<pthread_t> threads(n);
    for (pthread_t& thread : threads) {
      const auto pass = [](void* mutex) -> void* {
        pthread_mutex_lock(static_cast<pthread_mutex_t*>(mutex));
        pthread_mutex_unlock(static_cast<pthread_mutex_t*>(mutex));
        return nullptr;
      };
      if (pthread_create(&thread, &attributes, pass, &gate) == 0) continue;
      run.skip("too little memory for so many threads");
      threads.resize(static_cast<std::size_t>(&thread - threads.data()));
      break;
    }
    pthread_mutex_unlock(&gate);
    for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  });
}

constexpr bench::Case kCases[] = {
    {"yield", yield},
    {"native-create-join", native_create_join},
    {"create-join", create_join},
    {"mutex", mutex},
    {"condition", condition},
    {"sleep", sleep},
    {"10000-threads", many},
};

}  // namespace

int main(int argc, char** argv) {
  platform::stay_on_first_core();
  return bench::run(kCases, {argv, static_cast<std::size_t>(argc)});
}
