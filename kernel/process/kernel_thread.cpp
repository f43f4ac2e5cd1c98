// Threads of the kernel's own.
#include "kernel/process/kernel_thread.hpp"

#include "kernel/memory/memory.hpp"
#include "kernel/panic.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::process {

Thread& start_kernel_thread(std::string_view name, std::size_t stack_pages, void (*run)()) {
  const std::uintptr_t low = memory::allocate_stack(stack_pages);
  if (low == 0) panic("memory is out: no stack for the kernel's thread \"{}\"", name);
  const std::uintptr_t high = low + stack_pages * memory::kPageSize;
  auto* const no_return = reinterpret_cast<std::uint64_t*>(high) - 1;
  *no_return = 0;
  auto* const frame = reinterpret_cast<arch::SwitchFrame*>(no_return) - 1;
  *frame = {.interrupts_on = 1, .rip = reinterpret_cast<std::uint64_t>(run)};
  Thread* const thread = Scheduler::create_thread(name, frame, 0, Scheduler::Owner::kernel);
  if (thread == nullptr) panic("memory is out: no room for the kernel's thread \"{}\"", name);
  thread->stack_low = low;
  thread->stack_high = high;
  scheduler().start_thread(*thread);
  return *thread;
}

}  // namespace toro::process
