// A thread: a flow of execution with its place in the scheduler.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/lib/pairing_heap.hpp"

namespace toro::process {

struct WaitQueue;

/// Owned by the scheduler from create_thread to its end. The stack is the creator's.
struct Thread : arch::Context {
  Thread* next_in_queue = nullptr;  ///< in the ready queue or in a wait queue
  Thread* previous_in_queue = nullptr;
  WaitQueue* waits_in = nullptr;
  std::uintptr_t wait_key = 0;  ///< tells apart the waits that share one queue
  std::uint64_t deadline = 0;   ///< when `timed`, nanoseconds since boot
  HeapLinks<Thread> timer_links;
  bool timed = false;
  bool timed_out = false;
  std::uint32_t* clear_at_exit = nullptr;  ///< zeroed and woken as a futex when the thread ends [clone(2)]
};

/// First-in first-out queue of threads, linked through them.
struct ThreadQueue {
  Thread* first = nullptr;
  Thread* last = nullptr;

  void push(Thread& thread);
  void remove(Thread& thread);
  [[nodiscard]] Thread* pop();
};

/// Threads that wait for one thing, or for several told apart by a key.
struct WaitQueue : ThreadQueue {};

}  // namespace toro::process
