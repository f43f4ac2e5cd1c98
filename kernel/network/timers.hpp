// The timers of a stack: one queue, ordered by deadline.
#pragma once

#include <cstdint>

#include "kernel/lib/pairing_heap.hpp"

namespace toro::inet {

inline constexpr std::uint64_t kNever = UINT64_MAX;

/// Part of what it is for, which cancels it before it goes.
class Timer {
 public:
  using Fire = void (*)(void* owner);
  constexpr Timer(void* owner, Fire fire) : owner_(owner), fire_(fire) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool is_armed() const { return deadline_ != kNever; }
  [[nodiscard]] std::uint64_t deadline() const { return deadline_; }

 private:
  friend class TimerQueue;
  HeapLinks<Timer> links_;
  std::uint64_t deadline_ = kNever;
  void* owner_;
  Fire fire_;
};

class TimerQueue {
 public:
  /// At `deadline`, nanoseconds, in place of what it was armed for.
  void arm(Timer& timer, std::uint64_t deadline) {
    cancel(timer);
    timer.deadline_ = deadline;
    if (deadline != kNever) heap_.insert(timer);
  }
  void cancel(Timer& timer) {
    if (!timer.is_armed()) return;
    heap_.remove(timer);
    timer.deadline_ = kNever;
  }
  /// kNever when there is none.
  [[nodiscard]] std::uint64_t next() const { return heap_.min() == nullptr ? kNever : heap_.min()->deadline_; }

  /// Fires those that are due at `now`.
  void run(std::uint64_t now) {
    while (next() <= now) {
      Timer& timer = *heap_.min();
      cancel(timer);
      timer.fire_(timer.owner_);
    }
  }

 private:
  struct ByDeadline {
    static HeapLinks<Timer>& links(Timer& timer) { return timer.links_; }
    static bool before(const Timer& a, const Timer& b) { return a.deadline_ < b.deadline_; }
  };
  PairingHeap<Timer, ByDeadline> heap_;
};

}  // namespace toro::inet
