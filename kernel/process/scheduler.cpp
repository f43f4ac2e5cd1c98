// The scheduler of a core.
#include "kernel/process/scheduler.hpp"

#include <cstring>
#include <new>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/memory/memory.hpp"
#include "kernel/panic.hpp"

extern "C" const unsigned char toro_boot_stack_low[], toro_boot_stack_high[];

namespace toro::arch {

constinit ContextRegistry contexts{};

}  // namespace toro::arch

namespace toro::process {
namespace {

using arch::InterruptsOff;
using arch::RunState;

constinit Scheduler scheduler_{};

void set_name(arch::Context& context, std::string_view name) {
  const std::size_t length = name.size() < sizeof context.name - 1 ? name.size() : sizeof context.name - 1;
  std::memcpy(context.name, name.data(), length);
  context.name[length] = '\0';
}

void enter_registry(arch::Context& context) {
  arch::Context*& last = arch::contexts.last;
  context.next = nullptr;
  context.previous = last;
  (last != nullptr ? last->next : arch::contexts.first) = &context;
  last = &context;
}

void leave_registry(arch::Context& context) {
  (context.previous != nullptr ? context.previous->next : arch::contexts.first) = context.next;
  (context.next != nullptr ? context.next->previous : arch::contexts.last) = context.previous;
}

}  // namespace

Scheduler& scheduler() {
  return scheduler_;
}

void Scheduler::start() {
  idle_thread_.id = ++last_id_;
  idle_thread_.stack_low = reinterpret_cast<std::uintptr_t>(toro_boot_stack_low);
  idle_thread_.stack_high = reinterpret_cast<std::uintptr_t>(toro_boot_stack_high);
  idle_thread_.state = RunState::running;
  set_name(idle_thread_, "idle/0");
  current_ = &idle_thread_;
  arch::contexts.running = current_;
  enter_registry(idle_thread_);
  arch::on_timer([](void*, arch::TrapFrame&) { scheduler_.expire_timers(); });
}

Thread* Scheduler::create_thread(std::string_view name, arch::SwitchFrame* frame, std::uint64_t fs_base) {
  void* memory = memory::heap().allocate(sizeof(Thread));
  if (memory == nullptr) return nullptr;
  auto* thread = new (memory) Thread;
  thread->frame = frame;
  thread->fs_base = fs_base;
  set_name(*thread, name);
  const InterruptsOff off;
  thread->id = ++last_id_;
  enter_registry(*thread);
  thread->state = RunState::ready;
  ready_.push(*thread);
  return thread;
}

void Scheduler::yield() {
  const InterruptsOff off;
  if (ready_.first == nullptr) return;
  current_->state = RunState::ready;
  ready_.push(*current_);
  switch_away();
}

void Scheduler::sleep_until(std::uint64_t deadline) {
  const InterruptsOff off;
  block("sleep", WaitKind::thread, deadline);
}

WakeReason Scheduler::wait(WaitQueue& queue, const char* what, WaitKind kind, std::uint64_t deadline,
                           std::uintptr_t key) {
  const InterruptsOff off;
  current_->waits_in = &queue;
  current_->wait_key = key;
  queue.push(*current_);
  block(what, kind, deadline);
  return current_->timed_out ? WakeReason::timed_out : WakeReason::woken;
}

std::uint32_t Scheduler::wake(WaitQueue& queue, std::uint32_t count, std::uintptr_t key) {
  const InterruptsOff off;
  std::uint32_t woken = 0;
  for (Thread* thread = queue.first; thread != nullptr && woken < count;) {
    Thread* next = thread->next_in_queue;
    if (thread->wait_key == key) {
      make_ready(*thread, WakeReason::woken);
      ++woken;
    }
    thread = next;
  }
  return woken;
}

std::uint32_t Scheduler::requeue(WaitQueue& queue, std::uintptr_t key, WaitQueue& to, std::uintptr_t to_key,
                                 std::uint32_t count) {
  const InterruptsOff off;
  std::uint32_t moved = 0;
  Thread* const last = queue.last;  // `to` may be the same queue: what is moved there is not looked at again
  for (Thread* thread = queue.first; thread != nullptr && moved < count;) {
    Thread* next = thread == last ? nullptr : thread->next_in_queue;
    if (thread->wait_key == key) {
      queue.remove(*thread);
      thread->waits_in = &to;
      thread->wait_key = to_key;
      to.push(*thread);
      ++moved;
    }
    thread = next;
  }
  return moved;
}

void Scheduler::exit_thread() {
  arch::disable_interrupts();
  current_->state = RunState::ended;
  leave_registry(*current_);
  ended_ = current_;
  switch_away();
  __builtin_unreachable();
}

void Scheduler::make_ready(Thread& thread, WakeReason reason) {
  if (thread.waits_in != nullptr) thread.waits_in->remove(thread);
  thread.waits_in = nullptr;
  if (thread.timed) timers_.remove(thread);
  thread.timed = false;
  thread.timed_out = reason == WakeReason::timed_out;
  thread.waits_for = nullptr;
  thread.state = RunState::ready;
  ready_.push(thread);
}

void Scheduler::block(const char* what, WaitKind kind, std::uint64_t deadline) {
  Thread& thread = *current_;
  thread.state = RunState::waiting;
  thread.waits_for = what;
  if (deadline != kNoDeadline) {
    thread.deadline = deadline;
    thread.timed = true;
    timers_.insert(thread);
    if (timers_.min() == &thread) arm_timer();
  }
  if (kind == WaitKind::device) ++device_waits_;
  switch_away();
  if (kind == WaitKind::device) --device_waits_;
}

void Scheduler::switch_away() {
  Thread* next = ready_.pop();
  switch_to(next != nullptr ? *next : idle_thread_);
}

void Scheduler::switch_to(Thread& thread) {
  Thread& from = *current_;
  thread.state = RunState::running;
  if (&thread == &from) return;
  current_ = &thread;
  arch::contexts.running = &thread;
  if (from.fs_base != thread.fs_base) arch::write_msr(arch::Msr::fs_base, thread.fs_base);
  arch::toro_switch_context(&from.frame, thread.frame);
  after_switch();
}

void Scheduler::after_switch() {
  if (ended_ == nullptr) return;
  memory::heap().free(ended_);
  ended_ = nullptr;
}

void Scheduler::expire_timers() {
  const std::uint64_t now = arch::clock::now();
  while (timers_.min() != nullptr && timers_.min()->deadline <= now) make_ready(*timers_.min(), WakeReason::timed_out);
  arm_timer();
}

void Scheduler::arm_timer() {
  if (timers_.min() != nullptr) arch::clock::arm_timer(timers_.min()->deadline);
}

void Scheduler::idle() {
  for (;;) {
    arch::disable_interrupts();
    if (ready_.first != nullptr) {
      current_->state = RunState::ready;
      switch_away();
      continue;
    }
    if (timers_.min() == nullptr && device_waits_ == 0) panic("deadlock: every thread waits for another");
    arch::halt_until_interrupt();
  }
}

}  // namespace toro::process

namespace toro::boot {

TORO_BOOT_STAGE(threads_stage, "threads", [] { process::scheduler().start(); }, &heap_stage, &interrupts_stage);

}  // namespace toro::boot
