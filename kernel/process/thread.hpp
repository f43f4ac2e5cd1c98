// A thread: a flow of execution with its place in the scheduler.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/lib/pairing_heap.hpp"

namespace toro::detail {
struct NextThread;
}

namespace toro::process {

struct WaitQueue;

enum class WakeReason : std::uint8_t {
  woken,
  timed_out,
  interrupted,  ///< somebody wants the thread to look up: it was killed, or cancelled
};

/// Owned by the scheduler from create_thread to its end. The stack is the creator's, but where `owns_stack` says so.
struct Thread : arch::Context {
  WakeReason wake_reason{};
  bool timed = false;
  bool interruptible = false;         ///< while it waits
  bool interrupted = false;           ///< it was to be, in its system call, but did not wait: the next wait there ends
  bool held = false;                  ///< it does not run, though it may be ready
  bool keeps_floating_point = false;  ///< it counts on its SSE and x87 state (floating_point.hpp)
  bool owns_stack = false;            ///< of memory::allocate_stack(), freed with the thread
  Thread* next_in_queue = nullptr;    ///< in the ready queue or in a wait queue
  Thread* previous_in_queue = nullptr;
  WaitQueue* waits_in = nullptr;
  std::uint64_t deadline = 0;  ///< when `timed`, nanoseconds since boot
  HeapLinks<Thread> timer_links;
  detail::NextThread* next_thread = nullptr;  ///< how the next thread that it creates is to be, if not as ever
  void (*at_end)(Thread& thread) = nullptr;   ///< called when nothing runs on its stack any more
  std::uint32_t* clear_at_exit = nullptr;     ///< zeroed and woken as a futex when the thread ends [clone(2)]
};

/// First-in first-out queue of threads that are ready: a ring, of which the last is known.
struct ReadyQueue {
  Thread* last = nullptr;

  [[nodiscard]] bool empty() const { return last == nullptr; }

  void push(Thread& thread) {
    if (empty()) {
      thread.next_in_queue = &thread;
    } else {
      thread.next_in_queue = last->next_in_queue;
      last->next_in_queue = &thread;
    }
    last = &thread;
  }
  /// Null when it is empty.
  [[nodiscard]] Thread* pop() {
    if (empty()) return nullptr;
    Thread* const first = last->next_in_queue;
    if (first == last)
      last = nullptr;
    else
      last->next_in_queue = first->next_in_queue;
    return first;
  }
  /// push(thread) and pop(), when it is not empty.
  [[nodiscard]] Thread& exchange(Thread& thread) {
    Thread* const first = last->next_in_queue;
    last->next_in_queue = &thread;
    thread.next_in_queue = first->next_in_queue;  // `thread`, when the first is the only one
    last = &thread;
    return *first;
  }
  template <class F>
  void for_each(F f) const {
    for (Thread* thread = last; thread != nullptr;) {
      f(*thread);
      thread = thread->next_in_queue;
      if (thread == last) return;
    }
  }
  /// False when it is not there.
  bool remove(const Thread& thread);
};

/// Threads that wait for one thing, in order; any can be taken out.
struct WaitQueue {
  Thread* first = nullptr;
  Thread* last = nullptr;

  void push(Thread& thread);
  void remove(Thread& thread);
};

}  // namespace toro::process
