// Threads of Toro's own making: the kernel's side.
#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/include/toro/detail/thread.hpp"
#include "kernel/include/toro/detail/work.hpp"
#include "kernel/memory/memory.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::detail {
namespace {

using process::scheduler;
using process::Thread;
using process::WaitKind;

Thread& thread_of(void* thread) {
  return *static_cast<Thread*>(thread);
}

struct Errand {
  Task& task;
  Order order;
  Gate done{};

  static void arrive(void* payload) {
    Errand& errand = **static_cast<Errand**>(payload);
    errand.run();
    errand.done.open_from_message();
  }

  void run() const {
    if (task.over) return;
    Thread& thread = thread_of(task.thread);
    switch (order) {
      case Order::suspend:
        return scheduler().hold(thread);
      case Order::kill:
        thread.killed = true;
        scheduler().interrupt(thread);
        [[fallthrough]];
      case Order::resume:
        return scheduler().release(thread);
    }
  }
};

}  // namespace

CreateAs::CreateAs(NextThread& next) {
  scheduler().current().next_thread = &next;
}
CreateAs::~CreateAs() {
  scheduler().current().next_thread = nullptr;
}

std::uintptr_t allocate_stack(std::size_t size) {
  return memory::allocate_stack(size / memory::kPageSize);
}
void free_stack(std::uintptr_t low, std::size_t size) {
  memory::free_stack(low, size / memory::kPageSize);
}

void* current_thread() {
  return &scheduler().current();
}

void rename_thread(void* thread, std::string_view name) {
  process::set_name(thread_of(thread), name);
}

void forget_kill() {
  scheduler().current().killed = false;
}

void park() {
  scheduler().suspend("a new task", WaitKind::thread);
}
void unpark(void* thread) {
  scheduler().resume(thread_of(thread));
}

// Only a thread of this core can end the task, so the caller need not look again.
void wait_here_for_end(Task& task) {
  task.joiner = &scheduler().current();
  scheduler().suspend("a thread's end", WaitKind::thread, process::kNoDeadline, process::Interruption::ends_wait);
  task.joiner = nullptr;
}

void give_order(Task& task, Order order) {
  Errand errand{.task = task, .order = order};
  if (arch::is_this_core(task.core)) {
    errand.run();
    return scheduler().stop_if_held();
  }
  process::send(task.core, Errand::arrive, &errand);
  errand.done.wait();
}

bool yield_polling() {
  scheduler().yield_polling();
  return is_killed();
}
void sleep_until(std::uint64_t deadline) {
  scheduler().sleep_until(deadline);
}
std::uint64_t now() {
  return arch::clock::now();
}
void suspend() {
  scheduler().hold(scheduler().current());
  scheduler().stop_if_held();
}
bool is_killed() {
  return scheduler().current().killed;
}
const char* thread_name() {
  return scheduler().current().name;
}
std::uint32_t thread_id() {
  return scheduler().current().id;
}

void name_thread(std::uintptr_t pointer, std::string_view name) {
  struct Naming {
    std::uintptr_t pointer;
    char name[16];
  } naming{.pointer = pointer, .name = {}};
  const std::size_t length = name.size() < sizeof naming.name ? name.size() : sizeof naming.name - 1;
  __builtin_memcpy(naming.name, name.data(), length);
  const auto apply = [](void* payload) {
    const auto& wanted = *static_cast<Naming*>(payload);
    if (Thread* thread = scheduler().find(wanted.pointer)) process::set_name(*thread, wanted.name);
  };
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if (!arch::is_this_core(core) && arch::has_started(core)) process::send(core, apply, naming);
  apply(&naming);
}

}  // namespace toro::detail
