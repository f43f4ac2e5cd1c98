// What threads of Toro's own making are made of. Not for applications.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "toro/core.hpp"

namespace toro::detail {

inline constexpr std::size_t kDefaultStack = std::size_t{128} * 1024;

/// What a thread does, and how it ended. Its creator's, until it is detached.
struct Task {
  enum State : std::uint32_t { running, ended, detached };

  void (*run)(Task& task) = nullptr;      ///< calls the function and keeps what it returns or throws
  void (*destroy)(Task& task) = nullptr;  ///< frees the task
  std::atomic<std::uint32_t> state = running;
  std::uint32_t core = 0;
  std::size_t stack = 0;   ///< bytes
  void* thread = nullptr;  ///< that runs it
  bool over = false;       ///< it runs no more; written on its core only
  void* joiner = nullptr;  ///< a thread of its core that waits for its end
};

/// Thrown through a thread that is to end.
struct ThreadExit {};

// In the C library's glue: the threads are the C library's.

/// Starts a thread that does `task`, whose core and stack are set; false when memory is out. Threads only.
[[nodiscard]] bool start_task(Task& task, std::string_view name);

/// Leaves `task` to itself: it is freed when it has ended.
void detach(Task& task);

/// Unwinds the calling thread, unless it unwinds already.
void leave_thread();
void leave_if_killed();

// The kernel's side.

/// How a thread is to be that clone() makes.
struct NextThread {
  std::uint32_t core = 0;
  std::uintptr_t stack_low = 0;  ///< of allocate_stack(), to be the thread's; 0: the stack is the caller's
  std::uintptr_t stack_high = 0;
  Task* task = nullptr;  ///< is told the thread; may be null
  std::string_view name = "thread";
};

/// While it lives, the next thread that the calling thread creates by clone() or pthread_create() is as `next` says.
class CreateAs {
 public:
  explicit CreateAs(NextThread& next);
  ~CreateAs();  ///< pthread_create() may fail before it comes to the kernel
  CreateAs(const CreateAs&) = delete;
  CreateAs& operator=(const CreateAs&) = delete;
};

/// A stack of `size` bytes, a multiple of the page size, with a guard page below; its lowest byte, or 0.
[[nodiscard]] std::uintptr_t allocate_stack(std::size_t size);
void free_stack(std::uintptr_t low, std::size_t size);

[[nodiscard]] void* current_thread();

/// Names a thread that waits for a task.
void rename_thread(void* thread, std::string_view name);

/// The calling thread is not killed any more.
void forget_kill();

/// Waits until unpark(), on the same core.
void park();
void unpark(void* thread);

enum class Order : std::uint8_t { suspend, resume, kill };
/// Has `order` carried out on the task's core, and waits until it is.
void give_order(Task& task, Order order);

/// Lets every other ready thread of the core run once; whether the caller is killed. Interrupts must be on.
bool yield();
/// The same, for a thread that only polls.
bool yield_polling();
/// Waits until `deadline`, nanoseconds since boot.
void sleep_until(std::uint64_t deadline);
[[nodiscard]] std::uint64_t now();
/// Waits until the calling thread is resumed.
void suspend();
[[nodiscard]] bool is_killed();
[[nodiscard]] const char* thread_name();
[[nodiscard]] std::uint32_t thread_id();
/// Names the thread, of any core, whose thread pointer is `pointer`. 15 bytes of `name` are kept.
void name_thread(std::uintptr_t pointer, std::string_view name);

inline constexpr std::uint64_t kForever = UINT64_MAX;

/// Waits while `word` is `expected`, until woken, interrupted or the deadline; `what` is a literal for the debugger.
/// Who calls looks at the word again. False when the deadline has passed.
bool wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t expected, const char* what,
                std::uint64_t deadline = kForever);
/// Wakes up to `count` threads, of any cores, that wait for `word`.
void wake(const std::atomic<std::uint32_t>& word, std::uint32_t count);

[[nodiscard]] inline bool has_ended(const Task& task) {
  return task.state.load(std::memory_order_acquire) == Task::ended;
}
/// Waits until `task`, of the caller's core, has ended, or for less.
void wait_here_for_end(Task& task);
/// Waits until `task` has ended, or for less.
inline void wait_for_end(Task& task) {
  if (task.core == this_core())
    wait_here_for_end(task);
  else
    wait_while(task.state, Task::running, "a thread's end");
}

}  // namespace toro::detail
