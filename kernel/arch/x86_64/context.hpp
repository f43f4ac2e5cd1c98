// A flow of execution and how a core leaves one for another. Debuggers read these records, so they know no scheduler.
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::detail {
struct Guard;
}

namespace toro::arch {

/// What switch_context pushes on the stack that it leaves, lowest address first.
struct SwitchFrame {
  std::uint32_t mxcsr = 0x1f80;  ///< as a process starts [System V ABI 3.4.1]
  std::uint16_t x87_control = 0x37f;
  std::uint16_t unused = 0;
  std::uint64_t r15 = 0, r14 = 0, r13 = 0, r12 = 0, rbx = 0, rbp = 0, rip = 0;
};
static_assert(sizeof(SwitchFrame) == 64);

enum class RunState : std::uint8_t { ready, running, waiting, ended };

/// One flow of execution. The scheduler embeds it in its thread.
struct Context {
  SwitchFrame* frame = nullptr;  ///< where it was left; meaningless while it runs
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

/// Every context of this core, and the one that runs. Changed with interrupts off only.
struct ContextRegistry {
  Context* first = nullptr;
  Context* last = nullptr;
  Context* running = nullptr;
};
extern constinit ContextRegistry contexts;

/// Saves the running flow on its stack, stores where in `*from`, and goes on with `to`. Callee-saved registers,
/// MXCSR and the x87 control word are kept; interrupts must be off.
extern "C" void toro_switch_context(SwitchFrame** from, SwitchFrame* to);

}  // namespace toro::arch
