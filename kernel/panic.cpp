// The end of a kernel that cannot go on.
#include "kernel/panic.hpp"

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/arch/x86_64/safe_copy.hpp"
#include "kernel/arch/x86_64/trap.hpp"
#include "kernel/backtrace.hpp"
#include "kernel/boot/board.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/shutdown.hpp"

namespace toro {
namespace {

constinit bool panicking = false;

void print_registers(Sink out, const arch::TrapFrame& f) {
  print(out, "  rax {:016x}  rbx {:016x}  rcx {:016x}  rdx {:016x}\n", f.rax, f.rbx, f.rcx, f.rdx);
  print(out, "  rsi {:016x}  rdi {:016x}  rbp {:016x}  rsp {:016x}\n", f.rsi, f.rdi, f.rbp, f.rsp);
  print(out, "  r8  {:016x}  r9  {:016x}  r10 {:016x}  r11 {:016x}\n", f.r8, f.r9, f.r10, f.r11);
  print(out, "  r12 {:016x}  r13 {:016x}  r14 {:016x}  r15 {:016x}\n", f.r12, f.r13, f.r14, f.r15);
  print(out, "  rip {:016x}  rflags {:08x}  error {:x}  cr2 {:x}  cr3 {:x}\n", f.rip, f.rflags, f.error_code,
        arch::read_cr2(), arch::read_cr3());
}

constexpr std::string_view kExceptionNames[] = {
    "divide error",
    "debug exception",
    "non-maskable interrupt",
    "breakpoint",
    "overflow",
    "bound range",
    "invalid opcode",
    "device not available",
    "double fault",
    "vector 9",
    "invalid task state",
    "segment not present",
    "stack fault",
    "general protection",
    "page fault",
    "vector 15",
    "x87 error",
    "alignment check",
    "machine check",
    "SIMD error",
};

/// Whether a page fault is the guard page below a stack: nothing is mapped there, and the stack pointer is beside it.
bool is_stack_overflow(const arch::TrapFrame& frame, std::uint64_t address) {
  using namespace arch::paging;
  return (frame.error_code & 1) == 0 && address + kPageSize > frame.rsp && address < frame.rsp + kPageSize &&
         access_at((frame.rsp | (kPageSize - 1)) + 1) == Access::read_write;
}

void print_exception(Sink out, const arch::TrapFrame& frame) {
  const std::string_view name = frame.vector < std::size(kExceptionNames) ? kExceptionNames[frame.vector] : "exception";
  if (frame.vector != static_cast<std::uint64_t>(arch::Exception::page_fault)) {
    print(out, "{} (vector {}, error code {:#x})", name, frame.vector, frame.error_code);
    return;
  }
  const arch::Context* thread = arch::contexts.running;
  if (thread != nullptr && is_stack_overflow(frame, arch::read_cr2()))
    print(out, "stack overflow of thread {}: ", thread->id);
  // [SDM 3A 4.7]
  const std::string_view access = (frame.error_code & 16) != 0  ? "executing"
                                  : (frame.error_code & 2) != 0 ? "writing"
                                                                : "reading";
  const std::string_view why = (frame.error_code & 1) != 0 ? "the page does not allow it" : "nothing is mapped there";
  print(out, "page fault {} {:#x}: {}", access, arch::read_cr2(), why);
}

Sink begin() {
  arch::disable_interrupts();
  if (panicking) {
    print(console::uart_sink(), "PANIC within a panic\n");
    board::power_off(kPanicStatus);
  }
  panicking = true;
  const Sink out = console::emergency_sink();
  print(out, "\nPANIC: ");
  return out;
}

void print_threads(Sink out) {
  constexpr std::string_view kStates[] = {"is ready", "runs", "waits for ", "has ended"};
  constexpr unsigned kMost = 64;
  const arch::Context* next = arch::contexts.first;
  for (unsigned i = 0; i < kMost && next != nullptr; ++i) {
    arch::Context thread;  // a copy: its record may be what was damaged
    if (arch::copy_safely(&thread, next, sizeof thread) != sizeof thread || thread.state > arch::RunState::ended)
      return print(out, "  the record of a thread at {} is damaged\n", static_cast<const void*>(next));
    thread.name[sizeof thread.name - 1] = '\0';
    print(out, "  thread {} \"{}\" on core {} {}{}\n", thread.id, static_cast<const char*>(thread.name), thread.core,
          kStates[static_cast<unsigned>(thread.state)], thread.waits_for == nullptr ? "" : thread.waits_for);
    next = thread.next;
  }
}

[[noreturn]] void end(Sink out, BacktraceStart start) {
  const arch::Context* thread = arch::contexts.running;
  print_backtrace(out, start, thread == nullptr ? 0 : thread->stack_high);
  print_threads(out);
  shut_down(kPanicStatus);
}

}  // namespace

bool is_panicking() {
  return panicking;
}

void panic_text(std::string_view format, std::span<const FormatArgument> arguments) {
  if (!panicking) arch::toro_debug_break();
  const arch::AlternateTrapStacks stacks;
  const Sink out = begin();
  print_arguments(out, format, arguments);
  print(out, "\n");
  const auto rbp = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  end(out, {.rbp = rbp, .rsp = rbp});
}

void panic_at(const arch::TrapFrame& frame) {
  const arch::AlternateTrapStacks stacks;
  const Sink out = begin();
  print_exception(out, frame);
  print(out, "\n");
  print_registers(out, frame);
  end(out, {.rip = frame.rip, .rbp = frame.rbp, .rsp = frame.rsp});
}

}  // namespace toro
