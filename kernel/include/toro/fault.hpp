// Processor faults as values: guarded(f) gives what f returns, or the fault that ended it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <type_traits>
#include <utility>

namespace toro {

enum class FaultKind : std::uint8_t {
  divide,              ///< #DE: division by zero, or a quotient too large
  invalid_opcode,      ///< #UD
  stack,               ///< #SS
  general_protection,  ///< #GP: a non-canonical address among others
  page,                ///< #PF: nothing mapped there, or the page does not allow it
};

struct Fault {
  FaultKind kind{};
  std::uint32_t error_code = 0;    ///< as the processor gave it; 0 where it gives none [SDM 3A 6.15]
  std::uintptr_t instruction = 0;  ///< address of the instruction that faulted
  std::uintptr_t address = 0;      ///< what a page fault wanted to access, else 0
};

namespace detail {

/// A guarded call in progress. The kernel keeps those of a thread as a list, innermost first.
struct Guard {
  Guard* previous = nullptr;
  std::uintptr_t stack_pointer = 0;
  Fault fault;

  Guard();   // enters the running thread's list
  ~Guard();  // leaves it
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
};

/// Calls function(argument). Returns 0, or 1 when a fault ended it, which is then in guard.fault.
extern "C" int toro_guarded_call(void (*function)(void*), void* argument, Guard* guard);

}  // namespace detail

/// Calls `f` and returns its result, or the first fault that it or anything it called made. A fault ends `f` there and
/// then: destructors of its frames do not run, so what they held stays held. C++ exceptions pass through as ever. May
/// be nested. For threads; a fault in an interrupt handler is a panic.
template <class F>
[[nodiscard]] std::expected<std::invoke_result_t<F&>, Fault> guarded(F&& f) {
  using Result = std::invoke_result_t<F&>;
  detail::Guard guard;
  if constexpr (std::is_void_v<Result>) {
    const auto call = [](void* argument) { (*static_cast<std::remove_reference_t<F>*>(argument))(); };
    if (detail::toro_guarded_call(call, std::addressof(f), &guard) != 0) return std::unexpected(guard.fault);
    return {};
  } else {
    struct Call {
      F& function;
      union {
        Result result;
      };
      explicit Call(F& f_) : function(f_) {}
      ~Call() {}
    } call{f};
    const auto invoke = [](void* argument) {
      auto& c = *static_cast<Call*>(argument);
      std::construct_at(&c.result, c.function());
    };
    if (detail::toro_guarded_call(invoke, &call, &guard) != 0) return std::unexpected(guard.fault);
    std::expected<Result, Fault> value(std::move(call.result));
    std::destroy_at(&call.result);
    return value;
  }
}

}  // namespace toro
