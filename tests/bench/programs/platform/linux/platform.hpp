// Cores, as one uses them on Linux: a pinned worker thread on each, which takes work from a queue.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace platform {

inline constexpr bool kHasNativeApi = false;

inline std::uint32_t native_call() {
  return 0;
}

/// A thread that does `f`, from its creation to its end.
template <class F>
void create_and_join(F f) {
  std::thread(f).join();
}

/// Counted before main keeps to one of them; there is no /sys to ask.
inline const auto core_count = [] {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  return static_cast<std::uint32_t>(CPU_COUNT(&set));
}();

inline std::uint32_t cores() {
  return core_count;
}

/// Keeps the calling thread, and those it creates, on a core.
inline void stay_on(std::uint32_t core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

inline void stay_on_first_core() {
  stay_on(0);
}

/// A core's worker. It lives as long as the program.
class Worker {
 public:
  explicit Worker(std::uint32_t core) : thread_([this, core] { serve(core); }) { thread_.detach(); }

  void give(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(work));
    }
    not_empty_.notify_one();
  }

  /// The worker of a core.
  static Worker& of(std::uint32_t core) {
    static const auto workers = [] {
      std::vector<std::unique_ptr<Worker>> all;
      for (std::uint32_t i = 0; i < cores(); ++i) all.push_back(std::make_unique<Worker>(i));
      return new auto(std::move(all));
    }();
    return *(*workers)[core];
  }

 private:
  [[noreturn]] void serve(std::uint32_t core) {
    stay_on(core);
    for (;;) next()();
  }

  std::function<void()> next() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [this] { return !queue_.empty(); });
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    return work;
  }

  std::mutex mutex_;
  std::condition_variable not_empty_;
  std::deque<std::function<void()>> queue_;
  std::thread thread_;
};

/// Has `f` run on `core` some time later.
template <class F>
void post(std::uint32_t core, F f) {
  Worker::of(core).give(std::move(f));
}

/// Runs `f` on `core`; the caller waits meanwhile.
template <class F>
void run_on(std::uint32_t core, F&& f) {
  sem_t done;
  sem_init(&done, 0, 0);
  post(core, [&] {
    f();
    sem_post(&done);
  });
  while (sem_wait(&done) != 0) {
  }
  sem_destroy(&done);
}

/// Messages for a thread, from any: what one writes where the C++ library has none.
template <class T>
class Channel {
 public:
  void send(T message) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(message));
  }
  std::optional<T> try_receive() {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) return std::nullopt;
    T message = std::move(queue_.front());
    queue_.pop_front();
    return message;
  }

 private:
  std::mutex mutex_;
  std::deque<T> queue_;
};

/// The next message, by a thread that never sleeps.
template <class T>
T poll(Channel<T>& channel) {
  for (;;) {
    if (auto message = channel.try_receive()) return *message;
    __builtin_ia32_pause();
  }
}

}  // namespace platform
