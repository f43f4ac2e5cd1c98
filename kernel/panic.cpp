// The end of a kernel that cannot go on.
#include "kernel/panic.hpp"

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/safe_copy.hpp"
#include "kernel/arch/x86_64/trap.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/shutdown.hpp"

namespace toro {
namespace {

constinit bool panicking = false;

struct FramePointer {
  std::uint64_t caller;
  std::uint64_t return_address;
};

/// One line `  #N 0xADDRESS` for each frame: the form that the toro command turns into function, file and line.
void print_backtrace(Sink out, std::uint64_t rip, std::uint64_t rbp) {
  constexpr unsigned kMaxFrames = 32;
  unsigned number = 0;
  if (rip != 0) print(out, "  #{} {:#018x}\n", number++, rip);
  while (number < kMaxFrames) {
    FramePointer frame;
    if (rbp % 8 != 0 || arch::copy_safely(&frame, reinterpret_cast<const void*>(rbp), sizeof frame) != sizeof frame) break;
    if (frame.return_address == 0) break;
    // The call is before the address that it returns to.
    print(out, "  #{} {:#018x}\n", number++, frame.return_address - 1);
    if (frame.caller <= rbp) break;
    rbp = frame.caller;
  }
}

void print_registers(Sink out, const arch::TrapFrame& f) {
  print(out, "  rax {:016x}  rbx {:016x}  rcx {:016x}  rdx {:016x}\n", f.rax, f.rbx, f.rcx, f.rdx);
  print(out, "  rsi {:016x}  rdi {:016x}  rbp {:016x}  rsp {:016x}\n", f.rsi, f.rdi, f.rbp, f.rsp);
  print(out, "  r8  {:016x}  r9  {:016x}  r10 {:016x}  r11 {:016x}\n", f.r8, f.r9, f.r10, f.r11);
  print(out, "  r12 {:016x}  r13 {:016x}  r14 {:016x}  r15 {:016x}\n", f.r12, f.r13, f.r14, f.r15);
  print(out, "  rip {:016x}  rflags {:08x}  error {:x}  cr2 {:x}  cr3 {:x}\n", f.rip, f.rflags, f.error_code,
        arch::read_cr2(), arch::read_cr3());
}

constexpr std::string_view kExceptionNames[] = {
    "divide error",       "debug exception",  "non-maskable interrupt", "breakpoint",
    "overflow",           "bound range",      "invalid opcode",         "device not available",
    "double fault",       "vector 9",         "invalid task state",     "segment not present",
    "stack fault",        "general protection", "page fault",           "vector 15",
    "x87 error",          "alignment check",  "machine check",          "SIMD error",
};

void print_exception(Sink out, const arch::TrapFrame& frame) {
  const std::string_view name = frame.vector < std::size(kExceptionNames) ? kExceptionNames[frame.vector] : "exception";
  if (frame.vector != static_cast<std::uint64_t>(arch::Exception::page_fault)) {
    print(out, "{} (vector {}, error code {:#x})", name, frame.vector, frame.error_code);
    return;
  }
  // [SDM 3A 4.7]
  const std::string_view access = (frame.error_code & 16) != 0  ? "executing"
                                  : (frame.error_code & 2) != 0 ? "writing"
                                                                : "reading";
  const std::string_view why = (frame.error_code & 1) != 0 ? "the page does not allow it" : "nothing is mapped there";
  print(out, "page fault {} {:#x}: {}", access, arch::read_cr2(), why);
}

Sink begin() {
  arch::disable_interrupts();
  const Sink out = console::emergency_sink();
  if (panicking) {
    print(out, "PANIC within a panic\n");
    shut_down(kPanicStatus);
  }
  panicking = true;
  print(out, "\nPANIC: ");
  return out;
}

[[noreturn]] void end(Sink out, std::uint64_t rip, std::uint64_t rbp) {
  const arch::Context* thread = arch::contexts.running;
  if (thread != nullptr) print(out, "  thread {} \"{}\" on core {}\n", thread->id, thread->name, thread->core);
  print_backtrace(out, rip, rbp);
  shut_down(kPanicStatus);
}

}  // namespace

void panic_text(std::string_view format, std::span<const FormatArgument> arguments) {
  if (!panicking) arch::toro_debug_break();
  const Sink out = begin();
  const arch::AlternateTrapStacks stacks;
  print_arguments(out, format, arguments);
  print(out, "\n");
  end(out, 0, reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)));
}

void panic_at(const arch::TrapFrame& frame) {
  const Sink out = begin();
  const arch::AlternateTrapStacks stacks;
  print_exception(out, frame);
  print(out, "\n");
  print_registers(out, frame);
  end(out, frame.rip, frame.rbp);
}

}  // namespace toro
