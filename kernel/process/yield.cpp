// The yield of an application's thread, which is what threads do most.
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/include/toro/detail/thread.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::detail {

using process::Scheduler;
using process::Thread;

namespace {

/// Apart, so that the rest calls nothing.
[[gnu::noinline]] bool yield_slowly() {
  process::scheduler().yield();
  return Scheduler::current().killed;
}

}  // namespace

bool yield() {
  const std::uintptr_t distance = arch::core_distance();
  Scheduler& scheduler = process::schedulers.at(distance);
  arch::Context*& running = arch::contexts.at(distance).running;
  Thread& from = static_cast<Thread&>(*running);
  if (process::inboxes.at(distance).pending()) [[unlikely]]
    return yield_slowly();
  if (scheduler.ready_.empty()) [[unlikely]]
    return from.killed;  // an interrupt may add one, and only threads take
  arch::disable_interrupts();
  from.state = arch::RunState::ready;
  Thread& next = scheduler.ready_.exchange(from);
  next.state = arch::RunState::running;
  running = &next;
  arch::write_msr(arch::Msr::fs_base, next.fs_base);  // another thread's is another
  return arch::toro_switch_yielding(from, next);
}

}  // namespace toro::detail
