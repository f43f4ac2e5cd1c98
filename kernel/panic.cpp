// The end of a kernel that cannot go on.
#include "kernel/panic.hpp"

#include <atomic>
#include <cstring>

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/safe_copy.hpp"
#include "kernel/arch/x86_64/trap.hpp"
#include "kernel/backtrace.hpp"
#include "kernel/boot/board.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/panic_state.hpp"
#include "kernel/shutdown.hpp"

extern "C" const unsigned char toro_image_start[];  // toro.ld

namespace toro {

constinit std::atomic<std::uint32_t> panicking_core = 0;
TORO_PER_CORE(std::atomic<const arch::TrapFrame*>, panic_frames);

namespace {

void print_registers(Sink out, const arch::TrapFrame& f) {
  print(out, "  rax {:016x}  rbx {:016x}  rcx {:016x}  rdx {:016x}\n", f.rax, f.rbx, f.rcx, f.rdx);
  print(out, "  rsi {:016x}  rdi {:016x}  rbp {:016x}  rsp {:016x}\n", f.rsi, f.rdi, f.rbp, f.rsp);
  print(out, "  r8  {:016x}  r9  {:016x}  r10 {:016x}  r11 {:016x}\n", f.r8, f.r9, f.r10, f.r11);
  print(out, "  r12 {:016x}  r13 {:016x}  r14 {:016x}  r15 {:016x}\n", f.r12, f.r13, f.r14, f.r15);
  print(out, "  rip {:016x}  rflags {:08x}  error {:x}  cr2 {:x}  cr3 {:x}\n", f.rip, f.rflags, f.error_code,
        arch::read_cr2(), arch::read_cr3());
}

/// By vector, each ended by a zero: a table of views would be three times as long.
constexpr char kExceptionNames[] =
    "divide error\0"
    "debug exception\0"
    "non-maskable interrupt\0"
    "breakpoint\0"
    "overflow\0"
    "bound range\0"
    "invalid opcode\0"
    "device not available\0"
    "double fault\0"
    "vector 9\0"
    "invalid task state\0"
    "segment not present\0"
    "stack fault\0"
    "general protection\0"
    "page fault\0"
    "vector 15\0"
    "x87 error\0"
    "alignment check\0"
    "machine check\0"
    "SIMD error\0";

std::string_view name_of_exception(std::uint64_t vector) {
  const char* name = kExceptionNames;
  for (; vector > 0 && *name != '\0'; --vector) name += std::strlen(name) + 1;
  return *name != '\0' ? name : "exception";
}

/// Whether `address` is in the guard page of the stack at `rsp`: nothing is mapped there, and a stack begins above.
bool is_below_stack(std::uint64_t address, std::uint64_t rsp) {
  using namespace arch::paging;
  return access_at(address) == Access::none && address + kPageSize > rsp && address < rsp + kPageSize &&
         access_at((rsp | (kPageSize - 1)) + 1) == Access::read_write;
}

/// `address`: what could not be accessed.
void print_overflow(Sink out, std::uint64_t address, std::uint64_t rsp) {
  const arch::Context* thread = arch::contexts->running;
  if (const std::string_view stack = arch::trap_stack_below(address); !stack.empty())
    print(out, "stack overflow of core {}'s {}: ", arch::this_core(), stack);
  else if (thread != nullptr && is_below_stack(address, rsp))
    print(out, "stack overflow of thread {} \"{}\": ", thread->id, static_cast<const char*>(thread->name));
}

void print_exception(Sink out, const arch::TrapFrame& frame) {
  const std::string_view name = name_of_exception(frame.vector);
  switch (static_cast<arch::Exception>(frame.vector)) {
    case arch::Exception::double_fault:  // CR2 is the second fault's; what overflows a stack is beside RSP
      print_overflow(out, frame.rsp - sizeof(std::uint64_t), frame.rsp);
      [[fallthrough]];
    default:
      return print(out, "{} (vector {}, error code {:#x})", name, frame.vector, frame.error_code);
    case arch::Exception::page_fault:
      print_overflow(out, arch::read_cr2(), frame.rsp);
  }
  // [SDM 3A 4.7]
  const std::string_view access = (frame.error_code & 16) != 0  ? "executing"
                                  : (frame.error_code & 2) != 0 ? "writing"
                                                                : "reading";
  const std::string_view why = (frame.error_code & 1) != 0 ? "the page does not allow it" : "nothing is mapped there";
  print(out, "page fault {} {:#x}: {}", access, arch::read_cr2(), why);
}

[[noreturn]] void halt_for_ever() {
  for (;;) asm volatile("cli\n\thlt");
}

/// `frame`: what this core panics at, null where that is a call of panic().
Sink begin(const arch::TrapFrame* frame) {
  arch::disable_interrupts();
  const std::uint32_t here = arch::this_core() + 1;
  std::uint32_t first = 0;
  if (!panicking_core.compare_exchange_strong(first, here) && first != here) {
    if (frame != nullptr) stop_for_panic(*frame);
    halt_for_ever();  // the first one's NMI tells where
  }
  if (first == here) {
    print(console::uart_sink(), "PANIC within a panic\n");
    board::power_off(kPanicStatus);
  }
  if (arch::toro_core_count > 1) arch::lapic::send_nmi_to_others();
  const Sink out = console::emergency_sink();
  print(out, "\nPANIC: ");
  return out;
}

void print_threads_of(unsigned core, Sink out) {
  constexpr std::string_view kStates[] = {"is ready", "runs", "waits for ", "has ended", "polls"};
  constexpr unsigned kMost = 64;
  const arch::Context* next = arch::contexts.on(core).first;
  for (unsigned i = 0; i < kMost && next != nullptr; ++i) {
    arch::Context thread;  // a copy: its record may be what was damaged
    if (arch::copy_safely(&thread, next, sizeof thread) != sizeof thread || thread.state > arch::RunState::polling)
      return print(out, "  the record of a thread at {} is damaged\n", static_cast<const void*>(next));
    thread.name[sizeof thread.name - 1] = '\0';
    print(out, "  thread {} \"{}\" on core {} {}{}\n", thread.id, static_cast<const char*>(thread.name), thread.core,
          kStates[static_cast<unsigned>(thread.state)], thread.waits_for == nullptr ? "" : thread.waits_for);
    next = thread.next;
  }
}

/// The frame in which another core stopped; null when it has not until `deadline`, TSC ticks.
const arch::TrapFrame* frame_of(unsigned core, std::uint64_t deadline) {
  for (;;) {
    const arch::TrapFrame* frame = panic_frames.on(core).load(std::memory_order_acquire);
    if (frame != nullptr || arch::read_tsc() > deadline) return frame;
    asm volatile("pause");
  }
}

void print_place_of(unsigned core, Sink out, std::uint64_t deadline) {
  const arch::ContextRegistry& contexts = arch::contexts.on(core);
  const arch::TrapFrame* frame = frame_of(core, deadline);
  // The idle thread, the first of each core, has interrupts on only where it halts.
  if (frame != nullptr && contexts.running == contexts.first && (frame->rflags & arch::kInterruptFlag) != 0)
    return print(out, "core {} was idle\n", core);
  arch::Context thread;
  if (arch::copy_safely(&thread, contexts.running, sizeof thread) != sizeof thread)
    return print(out, "core {}: the record of its thread is damaged\n", core);
  thread.name[sizeof thread.name - 1] = '\0';
  print(out, "core {} ran thread {} \"{}\"", core, thread.id, static_cast<const char*>(thread.name));
  if (frame == nullptr) return print(out, ", and did not stop\n");
  print(out, " at\n");
  print_backtrace(out, {.rip = frame->rip, .rbp = frame->rbp, .rsp = frame->rsp}, thread.stack_high);
}

/// A machine that was asked to stands still here, so that its memory can be dumped; any other ignores it.
/// [QEMU docs/specs/pvpanic]
void tell_machine() {
  constexpr std::uint16_t kPort = 0x505;
  constexpr std::uint8_t kPanicked = 1;
  arch::out8(kPort, kPanicked);
}

[[noreturn]] void end(Sink out, BacktraceStart start) {
  const arch::Context* thread = arch::contexts->running;
  print(out, "  image at {:#x}\n", reinterpret_cast<std::uint64_t>(toro_image_start));
  print_backtrace(out, start, thread == nullptr ? 0 : thread->stack_high);
  // A busy host may not run a core for a while; one that never stops does not keep the others' places from being told.
  constexpr std::uint64_t kPatience = 10'000'000'000;  // TSC ticks: some 3 s
  const std::uint64_t deadline = arch::read_tsc() + kPatience;
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if (arch::has_started(core) && core != arch::this_core()) print_place_of(core, out, deadline);
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if (arch::has_started(core)) print_threads_of(core, out);
  tell_machine();
  shut_down(kPanicStatus);
}

}  // namespace

bool is_panicking() {
  return panicking_core.load() != 0;
}

bool panics_elsewhere() {
  const std::uint32_t core = panicking_core.load();
  return core != 0 && core != arch::this_core() + 1;
}

void stop_for_panic(const arch::TrapFrame& frame) {
  const arch::TrapFrame* none = nullptr;
  panic_frames->compare_exchange_strong(none, &frame, std::memory_order_release, std::memory_order_relaxed);
  halt_for_ever();
}

void panic_text(std::string_view format, std::span<const FormatArgument> arguments) {
  if (!is_panicking()) arch::toro_debug_break();
  const arch::AlternateTrapStacks stacks;
  const Sink out = begin(nullptr);
  print_arguments(out, format, arguments);
  print(out, "\n");
  const auto rbp = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  end(out, {.rbp = rbp, .rsp = rbp});
}

void panic_at(const arch::TrapFrame& frame) {
  const arch::AlternateTrapStacks stacks;
  const Sink out = begin(&frame);
  panic_frames->store(&frame, std::memory_order_relaxed);
  print_exception(out, frame);
  print(out, "\n");
  print_registers(out, frame);
  end(out, {.rip = frame.rip, .rbp = frame.rbp, .rsp = frame.rsp});
}

}  // namespace toro
