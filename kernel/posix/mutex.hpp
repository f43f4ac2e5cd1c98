// A lock that is held over waits.
#pragma once

#include <atomic>

#include "kernel/include/toro/detail/thread.hpp"

namespace toro::posix {

/// Threads of any core; not by one that has it.
class Mutex {
 public:
  constexpr Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

 private:
  friend class MutexGuard;
  enum State : std::uint32_t { kFree, kTaken, kWanted };
  std::atomic<std::uint32_t> state_ = kFree;
};

class MutexGuard {
 public:
  MutexGuard(Mutex& mutex, const char* what) : state_(mutex.state_) {
    std::uint32_t free = Mutex::kFree;
    if (state_.compare_exchange_strong(free, Mutex::kTaken, std::memory_order_acquire)) return;
    while (state_.exchange(Mutex::kWanted, std::memory_order_acquire) != Mutex::kFree)
      toro::detail::wait_while(state_, Mutex::kWanted, what);
  }
  ~MutexGuard() {
    if (state_.exchange(Mutex::kFree, std::memory_order_release) == Mutex::kWanted) toro::detail::wake(state_, 1);
  }
  MutexGuard(const MutexGuard&) = delete;
  MutexGuard& operator=(const MutexGuard&) = delete;

 private:
  std::atomic<std::uint32_t>& state_;
};

}  // namespace toro::posix
