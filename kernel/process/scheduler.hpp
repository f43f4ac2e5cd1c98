// The scheduler of a core: cooperative threads, waits with deadlines, the idle loop.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/process/thread.hpp"

namespace toro::process {

enum class WakeReason : std::uint8_t { woken, timed_out };

/// What a thread waits for decides whether a core on which all wait can ever go on.
enum class WaitKind : std::uint8_t {
  thread,  ///< only another thread can end it (a futex): all threads so, without deadline, is a deadlock
  device,  ///< an interrupt ends it
};

inline constexpr std::uint64_t kNoDeadline = arch::clock::kNever;

/// All functions may be called by threads; wake functions by interrupt handlers too.
class Scheduler {
 public:
  constexpr Scheduler() = default;

  /// A new thread, ready, that starts at `frame` on its own stack; null when memory is out.
  /// `fs_base` is its thread pointer. The name is cut at 31 characters.
  [[nodiscard]] Thread* create_thread(std::string_view name, arch::SwitchFrame* frame, std::uint64_t fs_base);

  [[nodiscard]] Thread& current() const { return *current_; }

  /// Lets every other ready thread run once.
  void yield();

  /// Sleeps until `deadline`, nanoseconds since boot.
  void sleep_until(std::uint64_t deadline);

  /// Waits in `queue` until wake() or the deadline. `what` is a literal for the debugger: "futex", "console input".
  WakeReason wait(WaitQueue& queue, const char* what, WaitKind kind, std::uint64_t deadline = kNoDeadline,
                  std::uintptr_t key = 0);

  /// Wakes up to `count` threads that wait in `queue` under `key`, in order; returns how many.
  std::uint32_t wake(WaitQueue& queue, std::uint32_t count, std::uintptr_t key = 0);

  /// Moves up to `count` waits under `key` to `to` under `to_key`; returns how many. [futex(2) FUTEX_REQUEUE]
  std::uint32_t requeue(WaitQueue& queue, std::uintptr_t key, WaitQueue& to, std::uintptr_t to_key,
                        std::uint32_t count);

  /// Ends the calling thread; its stack may be reused as soon as another thread runs.
  [[noreturn]] void exit_thread();

  /// What the boot flow becomes: halts while no thread is ready.
  [[noreturn]] void idle();

  /// Must be called first by every thread that starts; frees the one that ended before.
  void after_switch();

  /// Called in the boot stage "threads".
  void start();

 private:
  struct ByDeadline {
    static HeapLinks<Thread>& links(Thread& thread) { return thread.timer_links; }
    static bool before(const Thread& a, const Thread& b) { return a.deadline < b.deadline; }
  };

  void make_ready(Thread& thread, WakeReason reason);
  void block(const char* what, WaitKind kind, std::uint64_t deadline);
  void switch_away();
  void switch_to(Thread& thread);
  void expire_timers();
  void arm_timer();

  Thread idle_thread_;
  Thread* current_ = nullptr;
  Thread* ended_ = nullptr;
  ThreadQueue ready_;
  PairingHeap<Thread, ByDeadline> timers_;
  std::uint32_t last_id_ = 0;
  std::uint32_t device_waits_ = 0;
};

/// This core's scheduler.
[[nodiscard]] Scheduler& scheduler();

}  // namespace toro::process
