// System calls on threads: each is a thread of the core's scheduler.
#include <atomic>
#include <cstring>
#include <utility>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/include/toro/detail/thread.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/scheduler.hpp"

extern "C" const unsigned char toro_syscall_resume[];

namespace toro::posix {
namespace {

using process::scheduler;
using process::Thread;

constexpr std::uint64_t kSetTls = 0x00080000;         // CLONE_SETTLS
constexpr std::uint64_t kParentSetTid = 0x00100000;   // CLONE_PARENT_SETTID
constexpr std::uint64_t kChildClearTid = 0x00200000;  // CLONE_CHILD_CLEARTID
constexpr std::uint64_t kThreadFlags = 0x00050f00;    // VM, FS, FILES, SIGHAND, THREAD, SYSVSEM

/// Who is told may unmap the thread's stack at once.
void tell_end(Thread& thread) {
  std::atomic_ref(*thread.clear_at_exit).store(0, std::memory_order_release);
  wake_futex(thread.clear_at_exit, 1);
}

}  // namespace

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

  if ((flags & kSetTls) != 0) {
    // The C library gives each thread its creator's canary. Nothing of the thread has run yet. [System V ABI: fs:0x28]
    constexpr std::size_t kCanary = 0x28;
    const std::uint64_t canary = arch::random_canary();
    std::memcpy(frame.pointer<std::byte>(4) + kCanary, &canary, sizeof canary);
  }
  Thread* thread = scheduler().create_thread("thread", start, frame.argument(4));
  if (thread == nullptr) return failure(Error::again);
  thread->stack_high = frame.argument(1);
  std::uint32_t core = arch::this_core();
  if (detail::NextThread* const next = std::exchange(scheduler().current().next_thread, nullptr)) {
    core = next->core;
    process::set_name(*thread, next->name);
    if (next->task != nullptr) next->task->thread = thread;
    if (next->stack_low != 0) {
      thread->stack_low = next->stack_low;
      thread->stack_high = next->stack_high;
      thread->owns_stack = true;
    }
  }
  if ((flags & kParentSetTid) != 0) *frame.pointer<std::uint32_t>(2) = thread->id;
  if ((flags & kChildClearTid) != 0) {
    thread->clear_at_exit = frame.pointer<std::uint32_t>(3);
    thread->at_end = tell_end;
  }
  const std::uint32_t id = thread->id;  // the thread may have ended before this call does
  if (arch::is_this_core(core))
    scheduler().start_thread(*thread);
  else
    process::send(core, [](void* payload) { scheduler().start_thread(**static_cast<Thread**>(payload)); }, thread);
  return id;
}

Result sys_exit(SyscallFrame&) {
  scheduler().exit_thread();
}

Result sys_gettid(SyscallFrame&) {
  return scheduler().current().id;
}

Result sys_set_tid_address(SyscallFrame& frame) {
  scheduler().current().clear_at_exit = frame.pointer<std::uint32_t>(0);
  scheduler().current().at_end = tell_end;
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

Result sys_getcpu(SyscallFrame& frame) {
  if (auto* core = frame.pointer<std::uint32_t>(0); core != nullptr) *core = arch::this_core();
  if (auto* node = frame.pointer<std::uint32_t>(1); node != nullptr)
    *node = arch::toro_core_entries[arch::this_core()].node;
  return 0;
}

Result interrupt_thread(std::uint32_t id) {
  const auto interrupt = [](void* payload) {
    if (Thread* thread = scheduler().find(*static_cast<std::uint32_t*>(payload)))
      if (!scheduler().interrupt(*thread)) thread->interrupted = true;
  };
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if (!arch::is_this_core(core) && arch::has_started(core)) process::send(core, interrupt, id);
  interrupt(&id);
  return 0;
}

Result sys_sched_getaffinity(SyscallFrame& frame) {
  if (frame.argument(1) < sizeof(std::uint64_t)) return failure(Error::invalid);
  *frame.pointer<std::uint64_t>(2) = std::uint64_t{1} << arch::this_core();  // a thread stays where it was made
  return sizeof(std::uint64_t);
}

}  // namespace toro::posix
