// The scheduler of a core.
#include "kernel/process/scheduler.hpp"

#include <cstring>
#include <new>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/include/toro/heap.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/memory/memory.hpp"
#include "kernel/panic.hpp"
#include "kernel/process/floating_point.hpp"
#include "kernel/process/inbox.hpp"

namespace toro::arch {

TORO_PER_CORE(ContextRegistry, contexts);

}  // namespace toro::arch

namespace toro::process {
namespace {

using arch::InterruptsOff;
using arch::RunState;

/// Of core 0's idle thread. The application's first thread is main's, whose id is the process's.
constexpr std::uint32_t kFirstIdleId = 1'000'000'000;
constinit std::atomic<std::uint32_t> last_id = 0;
constinit std::atomic<std::uint32_t> last_kernel_id = 1'100'000'000;

/// What a thread waits for that is ready but held.
constexpr char kHeld[] = "being resumed";

void enter_registry(arch::Context& context) {
  arch::Context*& last = arch::contexts->last;
  context.next = nullptr;
  context.previous = last;
  (last != nullptr ? last->next : arch::contexts->first) = &context;
  last = &context;
}

void leave_registry(arch::Context& context) {
  (context.previous != nullptr ? context.previous->next : arch::contexts->first) = context.next;
  (context.next != nullptr ? context.next->previous : arch::contexts->last) = context.previous;
}

}  // namespace

TORO_PER_CORE(Scheduler, schedulers);

Scheduler& scheduler() {
  return *schedulers;
}

void set_name(arch::Context& context, std::string_view name) {
  const std::size_t length = name.size() < sizeof context.name - 1 ? name.size() : sizeof context.name - 1;
  std::memcpy(context.name, name.data(), length);
  context.name[length] = '\0';
}

/// Of a thread that waits for nothing but that.
[[gnu::always_inline]] inline void Scheduler::make_ready(Thread& thread, WakeReason reason) {
  thread.interruptible = false;
  thread.wake_reason = reason;
  if (thread.held) [[unlikely]]
    thread.waits_for = kHeld;
  else
    enqueue(thread);
}

/// The shorter way through every wait.
[[gnu::always_inline]] inline void Scheduler::switch_away() {
  Thread* next = ready_.pop();
  switch_to(next != nullptr ? *next : idle_thread_);
}

void Scheduler::start() {
  const std::uint32_t core = arch::this_core();
  idle_thread_.id = kFirstIdleId + core;
  idle_thread_.core = core;
  idle_thread_.stack_high = arch::toro_core_entries[core].stack_high;
  idle_thread_.stack_low = idle_thread_.stack_high - arch::kIdleStackSize;
  idle_thread_.state = RunState::running;
  set_name(idle_thread_, FixedString<16>().print("idle/{}", core).view());
  arch::contexts->running = &idle_thread_;
  enter_registry(idle_thread_);
  arch::on_timer([](void*, arch::TrapFrame&) { schedulers->expire_timers(); });
}

Thread* Scheduler::create_thread(std::string_view name, arch::SwitchFrame* frame, std::uint64_t fs_base, Owner owner) {
  void* memory = heap::allocate(sizeof(Thread));
  if (memory == nullptr) return nullptr;
  auto* thread = new (memory) Thread;
  thread->frame = frame;
  thread->fs_base = fs_base;
  set_name(*thread, name);
  thread->id = owner == Owner::kernel ? ++last_kernel_id : ++last_id;
  return thread;
}

void Scheduler::start_thread(Thread& thread) {
  const InterruptsOff off;
  thread.core = arch::this_core();
  enter_registry(thread);
  if (!thread.held) return enqueue(thread);
  thread.state = RunState::waiting;
  thread.waits_for = kHeld;
}

void Scheduler::yield() {
  const InterruptsOff off;
  if (inbox().pending()) {
    inbox().receive();
    stop_if_held();
  }
  if (ready_.empty()) return;
  Thread& from = current();
  from.state = RunState::ready;
  const bool idle = &from == &idle_thread_;
  if (idle) idle_is_queued_ = true;
  switch_to(ready_.exchange(from));
  if (idle) idle_is_queued_ = false;
}

/// A thread whose state is `polling` has looked, in vain, since the last interrupt and the last message.
void Scheduler::yield_polling() {
  const InterruptsOff off;
  Thread& thread = current();
  if (inbox().pending() || interrupts_polled_ != *arch::interrupt_count) {
    interrupts_polled_ = *arch::interrupt_count;
    ready_.for_each([](Thread& other) { other.state = RunState::ready; });
    return yield();
  }
  bool all_poll = true;
  ready_.for_each([&](const Thread& other) { all_poll = all_poll && other.state == RunState::polling; });
  if (all_poll) {
    if (!inbox().begin_halt()) return;
    arch::halt_until_interrupt();
    return inbox().end_halt();
  }
  thread.state = RunState::polling;
  switch_to(ready_.exchange(thread));
}

WakeReason Scheduler::sleep_until(std::uint64_t deadline) {
  return suspend("sleep", WaitKind::thread, deadline, Interruption::ends_wait);
}

WakeReason Scheduler::wait(WaitQueue& queue, const char* what, WaitKind kind, std::uint64_t deadline) {
  const InterruptsOff off;
  Thread& thread = current();
  thread.waits_in = &queue;
  queue.push(thread);
  return suspend(what, kind, deadline, Interruption::ends_wait);
}

WakeReason Scheduler::suspend(const char* what, WaitKind kind, std::uint64_t deadline, Interruption interruption) {
  const InterruptsOff off;
  Thread& thread = current();
  thread.interruptible = interruption == Interruption::ends_wait;
  thread.state = RunState::waiting;
  thread.waits_for = what;
  if (deadline != kNoDeadline) {
    thread.deadline = deadline;
    thread.timed = true;
    timers_.insert(thread);
    if (timers_.min() == &thread) arm_timer();
  }
  const std::uint32_t waits = kind == WaitKind::device ? 1 : 0;
  device_waits_ += waits;
  switch_away();
  device_waits_ -= waits;
  return thread.wake_reason;
}

void Scheduler::wake_waiting(WaitQueue& queue, std::uint32_t count) {
  const InterruptsOff off;
  for (; queue.first != nullptr && count > 0; --count) stop_waiting(*queue.first, WakeReason::woken);
}

void Scheduler::resume(Thread& thread) {
  const InterruptsOff off;
  if (thread.state != RunState::waiting || thread.waits_in != nullptr || thread.waits_for == kHeld) return;
  if (thread.timed) return stop_waiting(thread, WakeReason::woken);
  make_ready(thread, WakeReason::woken);
}

bool Scheduler::interrupt(Thread& thread) {
  const InterruptsOff off;
  if (thread.state != RunState::waiting || !thread.interruptible) return false;
  stop_waiting(thread, WakeReason::interrupted);
  return true;
}

void Scheduler::hold(Thread& thread) {
  const InterruptsOff off;
  thread.held = true;
  if (!ready_.remove(thread)) return;
  thread.state = RunState::waiting;
  thread.waits_for = kHeld;
}

void Scheduler::release(Thread& thread) {
  const InterruptsOff off;
  thread.held = false;
  if (thread.state == RunState::waiting && thread.waits_for == kHeld) enqueue(thread);
}

void Scheduler::stop_if_held() {
  const InterruptsOff off;
  Thread& thread = current();
  if (!thread.held) return;
  thread.state = RunState::waiting;
  thread.waits_for = kHeld;
  switch_away();
}

Thread* Scheduler::find(std::uint64_t id) {
  const InterruptsOff off;
  for (arch::Context* context = arch::contexts->first; context != nullptr; context = context->next)
    if (context->id == id || context->fs_base == id) return static_cast<Thread*>(context);
  return nullptr;
}

/// Goes on with the idle thread: where the one that ended has its stack, nothing else can free it.
void Scheduler::exit_thread() {
  arch::disable_interrupts();
  Thread& thread = current();
  thread.state = RunState::ended;
  leave_registry(thread);
  thread.next_in_queue = ended_;
  ended_ = &thread;
  if (idle_is_queued_) ready_.remove(idle_thread_);
  switch_to(idle_thread_);
  __builtin_unreachable();
}

/// On the idle thread: frees what is left of threads that have ended.
void Scheduler::bury() {
  while (ended_ != nullptr) {
    Thread& thread = *ended_;
    ended_ = thread.next_in_queue;
    if (thread.at_end != nullptr) thread.at_end(thread);
    if (thread.owns_stack)
      memory::free_stack(thread.stack_low, (thread.stack_high - thread.stack_low) / memory::kPageSize);
    heap::free(&thread);
  }
}

void Scheduler::enqueue(Thread& thread) {
  thread.waits_for = nullptr;
  thread.state = RunState::ready;
  ready_.push(thread);
}

void Scheduler::stop_waiting(Thread& thread, WakeReason reason) {
  if (thread.waits_in != nullptr) thread.waits_in->remove(thread);
  thread.waits_in = nullptr;
  if (thread.timed) timers_.remove(thread);
  thread.timed = false;
  make_ready(thread, reason);
}

void Scheduler::switch_to(Thread& thread) {
  Thread& from = current();
  thread.state = RunState::running;
  if (&thread == &from) return;
  arch::contexts->running = &thread;
  if (from.fs_base != thread.fs_base) arch::write_msr(arch::Msr::fs_base, thread.fs_base);
  if (from.keeps_floating_point) [[unlikely]]
    return keep_floating_point([&] { arch::toro_switch_context(from, thread); });
  arch::toro_switch_context(from, thread);
}

void Scheduler::expire_timers() {
  armed_for_ = 0;
  const std::uint64_t now = arch::clock::now();
  while (timers_.min() != nullptr && timers_.min()->deadline <= now)
    stop_waiting(*timers_.min(), WakeReason::timed_out);
  arm_timer();
}

/// An interrupt that comes too early finds nothing to do and arms it again: that costs less than to put off each time
/// what another wait has armed.
void Scheduler::arm_timer() {
  if (timers_.min() == nullptr || (armed_for_ != 0 && timers_.min()->deadline >= armed_for_)) return;
  armed_for_ = timers_.min()->deadline;
  arch::clock::arm_timer(armed_for_);
}

void Scheduler::idle() {
  for (;;) {
    arch::disable_interrupts();
    bury();
    if (inbox().pending()) inbox().receive();
    if (!ready_.empty()) {
      idle_thread_.state = RunState::ready;
      switch_away();
    } else if (inbox().begin_halt()) {
      halt();
      inbox().end_halt();
    }
  }
}

void Scheduler::halt() {
  if (can_go_on()) return arch::halt_until_interrupt();
  stuck_.fetch_add(1, std::memory_order_seq_cst);
  if (all_are_stuck()) panic("deadlock: every thread waits for another");
  arch::halt_until_interrupt();
  stuck_.fetch_add(1, std::memory_order_seq_cst);
}

bool Scheduler::can_go_on() const {
  return timers_.min() != nullptr || device_waits_ != 0;
}

/// Whether no core can go on. Looked at twice: a core that sent a message between the looks has not been stuck all the
/// time, and one that was sent a message has it pending or has not been stuck either.
bool Scheduler::all_are_stuck() {
  if (arch::toro_core_count == 1) return true;
  std::uint64_t before[arch::kMaxCores];
  for (unsigned core = 0; core < arch::toro_core_count; ++core) {
    before[core] = schedulers.on(core).stuck_.load(std::memory_order_seq_cst);
    if (before[core] % 2 == 0) return false;
  }
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if (Inbox::pending_on(core)) return false;
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if (schedulers.on(core).stuck_.load(std::memory_order_seq_cst) != before[core]) return false;
  return true;
}

}  // namespace toro::process

namespace toro::boot {

TORO_CORE_STAGE(
    threads_stage, "threads", nullptr, [] { process::scheduler().start(); }, &heap_stage, &interrupts_stage);

}  // namespace toro::boot
