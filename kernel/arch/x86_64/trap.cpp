// Where every exception and interrupt arrives: interrupts, expected faults, the debugger, and last a panic.
#include "kernel/arch/x86_64/trap.hpp"

#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/panic.hpp"

extern "C" const unsigned char toro_safe_copy_begin[], toro_safe_copy_end[], toro_safe_copy_fault[];
extern "C" const unsigned char toro_debug_break_end[];

namespace toro::arch {

constinit DebugHook debug_hook = nullptr;

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

}  // namespace

extern "C" void toro_trap(TrapFrame& frame) {
  if (frame.vector >= kFirstInterruptVector) {
    dispatch_interrupt(frame);
    return;
  }
  if (is_fault(frame.vector) && recover_safe_copy(frame)) return;
  if (debug_hook != nullptr && debug_hook(frame)) return;
  if (frame.rip == reinterpret_cast<std::uint64_t>(toro_debug_break_end)) return;
  panic_at(frame);
}

}  // namespace toro::arch
