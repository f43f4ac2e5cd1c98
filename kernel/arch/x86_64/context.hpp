// A flow of execution and how a core leaves one for another. Debuggers read these records, so they know no scheduler.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "kernel/arch/x86_64/per_core.hpp"

namespace toro::detail {
struct Guard;
}

namespace toro::arch {

/// What switch_context pushes on the stack that it leaves, lowest address first.
struct SwitchFrame {
  std::uint32_t mxcsr = 0x1f80;  ///< as a process starts [System V ABI 3.4.1]
  std::uint16_t x87_control = 0x37f;
  std::uint16_t interrupts_on = 0;  ///< not 0: to be turned on
  std::uint64_t r15 = 0, r14 = 0, r13 = 0, r12 = 0, rbx = 0, rbp = 0, rip = 0;
};
static_assert(sizeof(SwitchFrame) == 64);

enum class RunState : std::uint8_t {
  ready,
  running,
  waiting,
  ended,
  polling,  ///< ready, to look for something again
};

/// One flow of execution. The scheduler embeds it in its thread.
struct Context {
  SwitchFrame* frame = nullptr;  ///< where it was left; meaningless while it runs
  bool killed = false;           ///< it is to end at the next of Toro's own waits
  std::uint64_t fs_base = 0;     ///< its thread pointer
  std::uint32_t id = 0;          ///< from 1, unique since boot
  std::uint32_t core = 0;
  RunState state = RunState::ready;
  const char* waits_for = nullptr;  ///< a literal ("futex", "sleep", "console"); null unless waiting
  char name[32] = {};               ///< NUL-terminated
  std::uintptr_t stack_low = 0;     ///< lowest usable byte
  std::uintptr_t stack_high = 0;    ///< one past the highest
  detail::Guard* guard = nullptr;   ///< innermost guarded call, where a fault goes
  Context* next = nullptr;          ///< in the registry
  Context* previous = nullptr;
};
static_assert(offsetof(Context, frame) == 0 && offsetof(Context, killed) == 8);  // context_switch.S

/// Every context of a core, and the one that runs. Changed by that core only, with interrupts off.
struct ContextRegistry {
  Context* first = nullptr;
  Context* last = nullptr;
  Context* running = nullptr;
};
extern PerCore<ContextRegistry> contexts;

/// Whether core `core` has a flow of execution that can be interrupted. Any core may ask.
[[nodiscard]] inline bool has_started(unsigned core) {
  return has_memory(core) && std::atomic_ref(contexts.on(core).running).load(std::memory_order_acquire) != nullptr;
}

/// Saves the running flow `from` on its stack and goes on with `to`. Callee-saved registers, MXCSR and the x87 control
/// word are kept; interrupts must be off. Returns, when `from` goes on, whether it is killed by then.
extern "C" bool toro_switch_context(Context& from, Context& to);

/// The same for a flow that has just turned interrupts off: they are on when it goes on.
extern "C" bool toro_switch_yielding(Context& from, Context& to);

}  // namespace toro::arch
