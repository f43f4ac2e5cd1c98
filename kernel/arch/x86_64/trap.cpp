// Where every exception and interrupt arrives: interrupts, expected faults, the debugger, and last a panic.
#include "kernel/arch/x86_64/trap.hpp"

#include <optional>

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/include/toro/fault.hpp"
#include "kernel/panic.hpp"

extern "C" const unsigned char toro_safe_copy_begin[], toro_safe_copy_end[], toro_safe_copy_fault[];
extern "C" const unsigned char toro_guarded_fault[];

namespace toro::arch {

constinit DebugHook debug_hook = nullptr;
constinit bool (*nmi_hook)() = nullptr;

namespace {

/// A fault within copy_safely ends that copy.
bool recover_safe_copy(TrapFrame& frame) {
  const auto rip = frame.rip;
  if (rip < reinterpret_cast<std::uint64_t>(toro_safe_copy_begin)) return false;
  if (rip >= reinterpret_cast<std::uint64_t>(toro_safe_copy_end)) return false;
  frame.rip = reinterpret_cast<std::uint64_t>(toro_safe_copy_fault);
  return true;
}

constexpr bool is_fault(std::uint64_t vector) {
  return vector == static_cast<std::uint64_t>(Exception::page_fault) ||
         vector == static_cast<std::uint64_t>(Exception::general_protection) ||
         vector == static_cast<std::uint64_t>(Exception::stack_fault);
}

constexpr std::optional<FaultKind> kind_of(std::uint64_t vector) {
  switch (static_cast<Exception>(vector)) {
    case Exception::divide_error:
      return FaultKind::divide;
    case Exception::invalid_opcode:
      return FaultKind::invalid_opcode;
    case Exception::stack_fault:
      return FaultKind::stack;
    case Exception::general_protection:
      return FaultKind::general_protection;
    case Exception::page_fault:
      return FaultKind::page;
    default:
      return std::nullopt;
  }
}

TORO_PER_CORE(bool, in_interrupt);

/// A fault within guarded() ends that call.
bool recover_guarded(TrapFrame& frame) {
  const auto kind = kind_of(frame.vector);
  if (!kind || *in_interrupt || is_panicking() || contexts->running == nullptr) return false;
  // A guard without stack pointer has not begun its call (the stack may have ended right there), or has ended it.
  detail::Guard*& innermost = contexts->running->guard;
  while (innermost != nullptr && innermost->stack_pointer == 0) innermost = innermost->previous;
  if (innermost == nullptr) return false;
  detail::Guard& guard = *innermost;
  guard.fault = {.kind = *kind,
                 .error_code = static_cast<std::uint32_t>(frame.error_code),
                 .instruction = frame.rip,
                 .address = *kind == FaultKind::page ? read_cr2() : 0};
  frame.rip = reinterpret_cast<std::uint64_t>(toro_guarded_fault);
  frame.rsp = guard.stack_pointer;
  guard.stack_pointer = 0;
  frame.rflags |= kInterruptFlag;  // a thread's; the fault may have ended a part of the kernel that had them off
  return true;
}

}  // namespace

extern "C" void toro_trap(TrapFrame& frame) {
  if (frame.vector >= kFirstInterruptVector) {
    *in_interrupt = true;
    dispatch_interrupt(frame);
    *in_interrupt = false;
    return;
  }
  const bool is_nmi = frame.vector == static_cast<std::uint64_t>(Exception::nmi);
  if (is_nmi && is_panicking()) {
    if (panics_elsewhere()) stop_for_panic(frame);
    return;  // nobody stops the core that panics
  }
  if (is_fault(frame.vector) && recover_safe_copy(frame)) return;
  if (recover_guarded(frame)) return;
  if (debug_hook != nullptr && debug_hook(frame)) return;
  if (is_nmi && nmi_hook != nullptr && nmi_hook()) return;
  constexpr std::uint64_t kInt3Size = 1;
  if (frame.rip == reinterpret_cast<std::uint64_t>(toro_debug_break) + kInt3Size) return;
  panic_at(frame);
}

}  // namespace toro::arch
