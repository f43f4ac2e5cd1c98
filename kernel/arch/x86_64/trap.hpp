// Exceptions and interrupts as the processor delivers them: the frame, the debugger's hook, the stacks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::arch {

/// Exception vectors. [SDM 3A 6.15]
enum class Exception : std::uint8_t {
  divide_error = 0,
  debug = 1,
  nmi = 2,
  breakpoint = 3,
  overflow = 4,
  bound_range = 5,
  invalid_opcode = 6,
  device_not_available = 7,
  double_fault = 8,
  invalid_tss = 10,
  segment_not_present = 11,
  stack_fault = 12,
  general_protection = 13,
  page_fault = 14,
  x87_error = 16,
  alignment_check = 17,
  machine_check = 18,
  simd_error = 19,
  control_protection = 21,
};

/// What trap_entry.S leaves on the gate's stack, lowest address first. Resuming pops all of it: a handler that
/// changes a field changes the interrupted code. SSE and x87 state are still the interrupted code's: nothing in the
/// kernel or the stub uses them (both are built with -mno-sse).
struct TrapFrame {
  std::uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
  std::uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
  std::uint64_t vector;      ///< 0..31 exceptions, 32.. interrupts
  std::uint64_t error_code;  ///< 0 where the exception pushes none
  std::uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(TrapFrame) == 22 * 8 && offsetof(TrapFrame, vector) == 15 * 8 &&
              offsetof(TrapFrame, rip) == 17 * 8);

/// The debugger's say before the kernel's own: called for #DB, #BP, NMI and every exception that nothing expected,
/// with interrupts off, on the gate's IST stack. Returns true when the frame is to be resumed; false leaves the
/// exception to the kernel (a panic). Null in an image without a stub.
using DebugHook = bool (*)(TrapFrame& frame);
extern constinit DebugHook debug_hook;

/// Asked about an NMI that no debugger wanted, on the NMI stack: true when it was meant for the kernel; else, and where
/// this is null, it is a panic.
extern constinit bool (*nmi_hook)();

/// Stops in the debugger where one is attached, else returns at once. Any context.
extern "C" void toro_debug_break();

/// While one of these lives, exceptions and NMIs are taken on a second set of IST stacks, so that code which itself
/// runs on an IST stack (the stub, a panic) can fault without overwriting the frame that it works on. Does not nest.
class AlternateTrapStacks {
 public:
  AlternateTrapStacks();
  ~AlternateTrapStacks();
  AlternateTrapStacks(const AlternateTrapStacks&) = delete;
  AlternateTrapStacks& operator=(const AlternateTrapStacks&) = delete;
};

}  // namespace toro::arch
