// Threads on cores of your choice: create() and join, suspend, resume, kill; and what a thread does to itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "toro/core.hpp"
#include "toro/detail/thread.hpp"

namespace toro {

namespace thread {

struct Options {
  std::uint32_t core = this_core();           ///< below cores(); the creator's
  std::string_view name = "thread";           ///< for debuggers and panics, at most 31 bytes; copied
  std::size_t stack = detail::kDefaultStack;  ///< bytes, rounded up to pages
};

/// Thrown by join() when a thread was killed or left by exit() before it had a result.
struct NoResult : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "the thread ended without a result"; }
};

}  // namespace thread

namespace detail {

template <class Result>
struct ResultTask : Task {
  std::exception_ptr thrown;
  std::optional<std::conditional_t<std::is_void_v<Result>, std::monostate, Result>> result;
};

template <class F, class Result>
struct FunctionTask : ResultTask<Result> {
  explicit FunctionTask(F&& f) : function(std::move(f)) {
    this->run = [](Task& task) { static_cast<FunctionTask&>(task).execute(); };
    this->destroy = [](Task& task) { delete &static_cast<FunctionTask&>(task); };
  }

  void execute() {
    try {
      if constexpr (std::is_void_v<Result>)
        function();
      else
        this->result.emplace(function());
    } catch (const ThreadExit&) {
    } catch (...) {
      this->thrown = std::current_exception();
    }
  }

  F function;
};

}  // namespace detail

/// A thread that was created. Its functions may be called from threads of any core, by one at a time. Joins when it is
/// destroyed. T is what the thread's function returns.
template <class T>
class [[nodiscard]] Thread {
 public:
  /// Of thread::create().
  explicit Thread(detail::ResultTask<T>& task) : task_(&task) {}
  Thread() = default;
  Thread(Thread&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  Thread& operator=(Thread&& other) noexcept {
    std::swap(task_, other.task_);
    return *this;
  }
  [[gnu::always_inline]] ~Thread() {
    if (joinable()) [[unlikely]]
      wait_and_destroy();
  }

  [[nodiscard]] bool joinable() const { return task_ != nullptr; }

  /// Waits until the thread has ended, and returns what its function returned or throws what it threw. A thread that
  /// was killed, or left by exit(), gives void, or else throws NoResult.
  T join() {
    while (!detail::has_ended(*task_)) {
      detail::leave_if_killed();
      detail::wait_for_end(*task_);
    }
    struct Owner {
      detail::ResultTask<T>* task;
      ~Owner() { task->destroy(*task); }
    } const owner{std::exchange(task_, nullptr)};
    if (owner.task->thrown) std::rethrow_exception(owner.task->thrown);
    if constexpr (!std::is_void_v<T>) {
      if (!owner.task->result) throw thread::NoResult();
      return std::move(*owner.task->result);
    }
  }

  /// Leaves the thread to itself; what it returns or throws is lost.
  void detach() { detail::detach(*std::exchange(task_, nullptr)); }

  /// Keeps the thread from running until resume(); it does not run any more when this returns. It stops where it is:
  /// at a yield or in a wait. What it holds, it keeps.
  void suspend() { detail::give_order(*task_, detail::Order::suspend); }
  void resume() { detail::give_order(*task_, detail::Order::resume); }

  /// Ends the thread as if an exception were thrown that nothing catches: destructors run. It takes effect when the
  /// thread next yields or waits by one of Toro's own functions (this_thread, join, Event, Semaphore, Channel), or now,
  /// when it does so already. A wait of the C or C++ library, run_on, and destructors that run while the stack is
  /// unwound go on to their end. Where `catch (...)` stops it, the next yield or wait goes on with it. Returns at once:
  /// join() waits for the end.
  void kill() { detail::give_order(*task_, detail::Order::kill); }

 private:
  [[gnu::noinline]] void wait_and_destroy() {
    while (!detail::has_ended(*task_)) detail::wait_for_end(*task_);
    task_->destroy(*task_);
  }

  detail::ResultTask<T>* task_ = nullptr;
};

namespace thread {

/// Starts a thread that calls `f`: thread::create({.core = 2, .name = "rx", .stack = 64 * 1024}, f). It runs when its
/// core's other threads let it. Threads only. Throws std::bad_alloc; a core that is not there ends the program.
template <class F>
auto create(const Options& options, F f) -> Thread<std::invoke_result_t<F&>> {
  using Result = std::invoke_result_t<F&>;
  auto* const task = new detail::FunctionTask<F, Result>(std::move(f));
  task->core = options.core;
  task->stack = options.stack;
  if (!detail::start_task(*task, options.name)) {
    delete task;
    throw std::bad_alloc();
  }
  return Thread<Result>(*task);
}

}  // namespace thread

/// What the calling thread does to itself. Any thread, but where it says otherwise.
namespace this_thread {

/// Lets every other ready thread of the core run once.
inline void yield() {
  if (detail::yield()) [[unlikely]]
    detail::leave_thread();
}

/// The same, for a thread that looks again and again for something that another core, a device or time brings. When
/// every ready thread of the core has said so in turn, the core halts until the next interrupt: what is waited for must
/// come with one. Messages from other cores do.
inline void poll_hint() {
  detail::leave_if_killed();
  if (detail::yield_polling()) [[unlikely]]
    detail::leave_thread();
}

/// Sleeps until std::chrono::steady_clock shows `time`. The core halts when it has nothing else to do.
inline void sleep_until(std::chrono::steady_clock::time_point time) {
  detail::leave_if_killed();
  const auto deadline = std::chrono::nanoseconds(time.time_since_epoch()).count();
  if (deadline > 0) detail::sleep_until(static_cast<std::uint64_t>(deadline));
  detail::leave_if_killed();
}

template <class Representation, class Period>
void sleep_for(std::chrono::duration<Representation, Period> duration) {
  sleep_until(std::chrono::steady_clock::now() + std::chrono::ceil<std::chrono::nanoseconds>(duration));
}

/// Stops until another thread calls resume().
inline void suspend() {
  detail::leave_if_killed();
  detail::suspend();
  detail::leave_if_killed();
}

/// As debuggers see it; changed by pthread_setname_np too.
[[nodiscard]] inline std::string_view name() {
  return detail::thread_name();
}

/// Unique among the threads that there are: what gettid() says.
[[nodiscard]] inline std::uint32_t id() {
  return detail::thread_id();
}

/// Ends the calling thread, which thread::create() made: destructors run.
[[noreturn]] inline void exit() {
  throw detail::ThreadExit{};
}

}  // namespace this_thread
}  // namespace toro
