// The scheduler of a core: cooperative threads, waits with deadlines, the idle loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/include/toro/detail/thread.hpp"
#include "kernel/process/thread.hpp"

namespace toro::process {

/// What a thread waits for decides whether a core on which all wait can ever go on.
enum class WaitKind : std::uint8_t {
  thread,  ///< only another thread can end it (a futex): all threads so, without deadline, is a deadlock
  device,  ///< an interrupt ends it
};

/// Whether interrupt() ends a wait.
enum class Interruption : std::uint8_t { ignored, ends_wait };

inline constexpr std::uint64_t kNoDeadline = arch::clock::kNever;

/// All functions are for the core itself: threads, and for those that wake interrupt handlers and messages too.
class Scheduler {
 public:
  constexpr Scheduler() = default;

  /// A new thread that starts at `frame` on its own stack, once it is started; null when memory is out. `fs_base` is
  /// its thread pointer. The name is cut at 31 characters. The application's first thread is main's, whatever threads
  /// the kernel has of its own.
  enum class Owner : std::uint8_t { application, kernel };
  [[nodiscard]] static Thread* create_thread(std::string_view name, arch::SwitchFrame* frame, std::uint64_t fs_base,
                                             Owner owner = Owner::application);

  /// Makes a new thread this core's, and ready. Of a stack that it owns, `thread` says where it lies.
  void start_thread(Thread& thread);

  [[nodiscard]] static Thread& current() {
    return static_cast<Thread&>(*arch::contexts.load(&arch::ContextRegistry::running));
  }

  /// Lets every other ready thread run once.
  void yield();
  /// The same, but halts until an interrupt when every ready thread of the core has said so in turn.
  void yield_polling();

  /// Sleeps until `deadline`, nanoseconds since boot. Can be interrupted.
  WakeReason sleep_until(std::uint64_t deadline);

  /// Waits in `queue` until wake() or the deadline. `what` is a literal for the debugger: "futex", "console input".
  /// Can be interrupted.
  WakeReason wait(WaitQueue& queue, const char* what, WaitKind kind, std::uint64_t deadline = kNoDeadline);

  /// Wakes up to `count` threads that wait in `queue`, in order.
  void wake(WaitQueue& queue, std::uint32_t count) {
    if (queue.first != nullptr) wake_waiting(queue, count);  // only threads of this core wait there
  }

  /// Waits until resume(), from this core or by a message from another, or the deadline. Who calls checks again what
  /// it waits for: nothing else is kept of a resume() that came earlier.
  WakeReason suspend(const char* what, WaitKind kind, std::uint64_t deadline = kNoDeadline,
                     Interruption interruption = Interruption::ignored);

  /// Around work of a device that no thread may be waiting for as such: until it ends the core can go on. Interrupts
  /// must be off.
  void device_work_begins() { ++device_waits_; }
  void device_work_ends() { --device_waits_; }

  /// Lets a thread of this core go on that waits in suspend(); any other is left as it is.
  void resume(Thread& thread);

  /// Ends the wait of a thread of this core, if that can be interrupted; whether it has. One that was woken, and has
  /// not gone on yet, waits no more.
  bool interrupt(Thread& thread);

  /// Keeps a thread of this core from running until release(). The one that runs stops at its next yield that takes
  /// messages, or by stop_if_held().
  void hold(Thread& thread);
  void release(Thread& thread);
  void stop_if_held();

  /// The thread of this core whose id, or thread pointer, is `id`; null when there is none.
  [[nodiscard]] static Thread* find(std::uint64_t id);

  /// Ends the calling thread. Its end is told (at_end) when nothing runs on its stack any more.
  [[noreturn]] void exit_thread();

  /// What the flow becomes that starts a core: runs messages and halts while no thread is ready.
  [[noreturn]] void idle();

  /// Called on each core in the boot stage "threads"; the caller becomes the idle thread.
  void start();

 private:
  friend bool detail::yield();
  friend struct ObjectTables;

  struct ByDeadline {
    static HeapLinks<Thread>& links(Thread& thread) { return thread.timer_links; }
    static bool before(const Thread& a, const Thread& b) { return a.deadline < b.deadline; }
  };

  void wake_waiting(WaitQueue& queue, std::uint32_t count);
  void enqueue(Thread& thread);
  void stop_waiting(Thread& thread, WakeReason reason);
  void make_ready(Thread& thread, WakeReason reason);
  void switch_away();
  void bury();
  void switch_to(Thread& thread);
  void expire_timers();
  void arm_timer();
  void halt();
  [[nodiscard]] bool can_go_on() const;
  [[nodiscard]] static bool all_are_stuck();

  ReadyQueue ready_;
  Thread* ended_ = nullptr;      ///< the latest of those that the idle thread is to free
  bool idle_is_queued_ = false;  ///< it waits in ready_, in the middle of its work
  Thread idle_thread_;
  PairingHeap<Thread, ByDeadline> timers_;
  std::uint64_t armed_for_ = 0;  ///< when the core's timer interrupts at the latest; 0: it is not armed
  std::uint32_t device_waits_ = 0;
  std::uint64_t interrupts_polled_ = 0;  ///< of the core, when a thread that polls looked last

  /// Odd while the core halts and nothing but a message can make it go on. The others read it.
  std::atomic<std::uint64_t> stuck_ = 0;
};

extern arch::PerCore<Scheduler> schedulers;

/// This core's scheduler.
[[nodiscard]] Scheduler& scheduler();

/// Sets the name that debuggers see; cut at 31 characters.
void set_name(arch::Context& context, std::string_view name);

}  // namespace toro::process
