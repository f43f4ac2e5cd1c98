// System calls on threads: each is a thread of the core's scheduler.
#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/process/scheduler.hpp"

extern "C" const unsigned char toro_syscall_resume[];

namespace toro::posix {
namespace {

using process::scheduler;
using process::Thread;

constexpr std::uint64_t kParentSetTid = 0x00100000;   // CLONE_PARENT_SETTID
constexpr std::uint64_t kChildClearTid = 0x00200000;  // CLONE_CHILD_CLEARTID
constexpr std::uint64_t kThreadFlags = 0x00050f00;    // VM, FS, FILES, SIGHAND, THREAD, SYSVSEM

}  // namespace

extern "C" void toro_after_switch() {
  scheduler().after_switch();
}

/// clone(flags, stack, parent_tid, child_tid, tls): threads only. [clone(2)]
Result sys_clone(SyscallFrame& frame) {
  const std::uint64_t flags = frame.argument(0);
  if ((flags & kThreadFlags) != kThreadFlags) return failure(Error::invalid);

  // On its stack the child finds this call's frame, to return from, and below it the switch to there.
  auto* child_frame = reinterpret_cast<SyscallFrame*>(frame.argument(1) - kRedZone) - 1;
  *child_frame = frame;
  auto* start = reinterpret_cast<arch::SwitchFrame*>(child_frame) - 1;
  *start = {.rip = reinterpret_cast<std::uint64_t>(toro_syscall_resume)};
  // The floating-point environment is the creator's. [POSIX pthread_create]
  asm("stmxcsr %0\n\tfnstcw %1" : "=m"(start->mxcsr), "=m"(start->x87_control));

  const arch::InterruptsOff off;
  Thread* thread = scheduler().create_thread("thread", start, frame.argument(4));
  if (thread == nullptr) return failure(Error::again);
  thread->stack_high = frame.argument(1);
  if ((flags & kParentSetTid) != 0) *frame.pointer<std::uint32_t>(2) = thread->id;
  if ((flags & kChildClearTid) != 0) thread->clear_at_exit = frame.pointer<std::uint32_t>(3);
  return thread->id;
}

Result sys_exit(SyscallFrame&) {
  if (std::uint32_t* word = scheduler().current().clear_at_exit; word != nullptr) {
    *static_cast<volatile std::uint32_t*>(word) = 0;
    wake_futex(word, 1);
  }
  scheduler().exit_thread();
}

Result sys_gettid(SyscallFrame&) {
  return scheduler().current().id;
}

Result sys_set_tid_address(SyscallFrame& frame) {
  scheduler().current().clear_at_exit = frame.pointer<std::uint32_t>(0);
  return scheduler().current().id;
}

Result sys_arch_prctl(SyscallFrame& frame) {
  constexpr std::uint64_t kSetFs = 0x1002;
  if (frame.argument(0) != kSetFs) return failure(Error::invalid);
  scheduler().current().fs_base = frame.argument(1);
  arch::write_msr(arch::Msr::fs_base, frame.argument(1));
  return 0;
}

Result sys_prctl(SyscallFrame& frame) {
  constexpr std::uint64_t kSetName = 15;
  constexpr std::uint64_t kGetName = 16;
  constexpr std::size_t kNameSize = 16;
  char* const name = scheduler().current().name;
  switch (frame.argument(0)) {
    case kSetName: {
      const char* from = frame.pointer<const char>(1);
      std::size_t length = 0;
      while (length < kNameSize - 1 && from[length] != '\0') ++length;
      std::memcpy(name, from, length);
      name[length] = '\0';
      return 0;
    }
    case kGetName:
      std::memcpy(frame.pointer<char>(1), name, kNameSize);
      frame.pointer<char>(1)[kNameSize - 1] = '\0';
      return 0;
    default:
      return failure(Error::invalid);
  }
}

Result sys_sched_yield(SyscallFrame&) {
  const FloatingPointState state;
  scheduler().yield();
  return 0;
}

Result sys_sched_getaffinity(SyscallFrame& frame) {
  if (frame.argument(1) < sizeof(std::uint64_t)) return failure(Error::invalid);
  *frame.pointer<std::uint64_t>(2) = 1;
  return sizeof(std::uint64_t);
}

}  // namespace toro::posix
