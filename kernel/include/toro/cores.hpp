// Work for other cores: run_on() and wait, post() and go on, data of which every core has its own.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "toro/core.hpp"
#include "toro/detail/work.hpp"

namespace toro {

namespace detail {

template <class F, class Result = std::invoke_result_t<F&>>
struct Call : Work {
  explicit Call(F& f) : Work(&Call::execute), function(f) {}

  static void execute(Work& work) {
    auto& call = static_cast<Call&>(work);
#ifdef __cpp_exceptions
    try {
      call.invoke();
    } catch (...) {
      call.thrown = std::current_exception();
    }
#else
    call.invoke();
#endif
    call.done.open();
  }

  void invoke() {
    if constexpr (std::is_void_v<Result>)
      function();
    else
      result.emplace(function());
  }

  F& function;
  Gate done;
  std::exception_ptr thrown;
  std::optional<std::conditional_t<std::is_void_v<Result>, std::nullptr_t, Result>> result;
};

template <class F>
struct Post : Work {
  explicit Post(F&& f) : Work(&Post::execute), function(std::move(f)) {}

  static void execute(Work& work) {
    const std::unique_ptr<Post> post(static_cast<Post*>(&work));
    post->function();
  }

  F function;
};

}  // namespace detail

/// Runs `f` on `core`, in a thread there that may block, and returns what it returns; an exception arrives here. The
/// caller waits meanwhile; on its own core `f` is simply called. Threads only. `core` must be below cores().
template <class F>
std::invoke_result_t<F&> run_on(std::uint32_t core, F&& f) {
  if (core == this_core()) return f();
  detail::Call<std::remove_reference_t<F>> call(f);
  detail::submit(core, call);
  call.done.wait();
  if (call.thrown) std::rethrow_exception(call.thrown);
  if constexpr (!std::is_void_v<std::invoke_result_t<F&>>) return std::move(*call.result);
}

/// Has `f` run on `core`, also the caller's own, some time later in a thread there that may block; what it throws
/// ends the program. Calls from one core to another begin in order. Threads only. Throws std::bad_alloc.
template <class F>
void post(std::uint32_t core, F f) {
  detail::submit(core, *new detail::Post<F>(std::move(f)));
}

/// A T for each core, on cache lines of its own. Made and destroyed by one thread, while no other uses it.
template <class T>
class PerCore {
 public:
  /// Each T is made from the arguments, all by the calling core.
  template <class... Arguments>
  explicit PerCore(const Arguments&... arguments) : values_(new Slot[cores()]) {
    for (std::uint32_t core = 0; core < cores(); ++core) values_[core].value.emplace(arguments...);
  }

  /// The calling core's.
  [[nodiscard]] T& operator*() { return on(this_core()); }
  [[nodiscard]] T* operator->() { return &on(this_core()); }
  /// Another core's; nothing keeps that core from using it at the same time.
  [[nodiscard]] T& on(std::uint32_t core) { return *values_[core].value; }

 private:
  struct alignas(64) Slot {
    std::optional<T> value;
  };
  std::unique_ptr<Slot[]> values_;
};

}  // namespace toro
