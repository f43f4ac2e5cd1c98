// Threads of Toro's own making. They are the C library's, so that they may use all of it, and are used again: a thread
// whose task is done keeps its stack and waits for the next.
#include <elf.h>
#include <locale.h>
#include <pthread.h>
#include <toro/core.hpp>
#include <toro/detail/thread.hpp>
#include <toro/detail/work.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <utility>

extern "C" {
extern const Elf64_Ehdr toro_image_start;            // toro.ld
[[gnu::weak]] void __pthread_tsd_run_dtors();        // musl's, where there are keys
[[gnu::weak]] void toro_end_thread_local_objects();  // cxxabi.cpp
}

namespace toro::detail {
namespace {

constexpr std::uint32_t kMaxCores = 64;
constexpr std::uint32_t kMostSpare = 16;
constexpr std::size_t kPageSize = 4096;
constexpr std::size_t kLeastStack = 4 * kPageSize;  // what the C library keeps of a thread lies there too

/// A thread that does one task after another. Lies on its own stack.
struct Carrier {
  Carrier* next = nullptr;
  Task* task = nullptr;
  void* thread = nullptr;
  std::size_t stack = 0;
};

/// Carriers of a core that wait for a task, the latest first: its stack is warm. Changed by the core only.
struct alignas(64) Spare {
  Carrier* first = nullptr;
  std::uint32_t count = 0;
};
Spare spare[kMaxCores];

/// The image's thread_local variables as they begin, and where they lie below the thread pointer. [System V ABI, TLS]
struct ThreadLocals {
  const void* image = nullptr;
  std::size_t initialized = 0;
  std::size_t size = 0;
  std::size_t below = 0;
};

const ThreadLocals& thread_locals() {
  static const ThreadLocals found = [] {
    const auto* base = reinterpret_cast<const char*>(&toro_image_start);
    const auto* headers = reinterpret_cast<const Elf64_Phdr*>(base + toro_image_start.e_phoff);
    for (unsigned i = 0; i < toro_image_start.e_phnum; ++i) {
      const Elf64_Phdr& header = headers[i];
      if (header.p_type != PT_TLS) continue;
      const std::size_t mask = header.p_align == 0 ? 0 : header.p_align - 1;
      // PT_PHDR is the first: how far the image is from where it was linked.
      const auto distance = reinterpret_cast<std::uintptr_t>(headers) - headers[0].p_vaddr;
      return ThreadLocals{.image = reinterpret_cast<const void*>(header.p_vaddr + distance),
                          .initialized = header.p_filesz,
                          .size = header.p_memsz,
                          .below = (header.p_memsz + mask) & ~mask};
    }
    return ThreadLocals{};
  }();
  return found;
}

/// Ends what the task left of its thread: destructors run, and all is as for a thread that begins.
void begin_again() {
  forget_kill();
  if (toro_end_thread_local_objects != nullptr) toro_end_thread_local_objects();
  if (__pthread_tsd_run_dtors != nullptr) __pthread_tsd_run_dtors();
  const ThreadLocals& locals = thread_locals();
  char* const variables = static_cast<char*>(__builtin_thread_pointer()) - locals.below;
  if (locals.initialized != 0) std::memcpy(variables, locals.image, locals.initialized);
  if (locals.size != locals.initialized)
    std::memset(variables + locals.initialized, 0, locals.size - locals.initialized);
  errno = 0;
  uselocale(LC_GLOBAL_LOCALE);
  constexpr std::uint32_t kMxcsr = 0x1f80;
  asm volatile("fninit\n\tldmxcsr %0" ::"m"(kMxcsr));
}

void finish(Task& task) {
  void* const joiner = task.joiner;
  if (task.state.exchange(Task::ended, std::memory_order_acq_rel) == Task::detached)
    task.destroy(task);
  else if (joiner != nullptr)
    unpark(joiner);
  else
    wake(task.state, UINT32_MAX);  // the task may be gone by now: its address is all that is used
}

void* carry(void* first) {
  Carrier self{.task = static_cast<Task*>(first), .thread = current_thread()};
  self.stack = self.task->stack;
  for (Spare& here = spare[this_core()];;) {
    self.task->run(*self.task);
    self.task->over = true;
    begin_again();
    const bool stays = here.count < kMostSpare;
    if (stays) {
      self.next = here.first;
      here.first = &self;
      ++here.count;
    }
    finish(*std::exchange(self.task, nullptr));
    if (!stays) return nullptr;
    while (self.task == nullptr) park();
  }
}

/// A carrier of this core with a stack as long as the task wants.
Carrier* take_spare(const Task& task) {
  Spare& here = spare[task.core];
  for (Carrier** link = &here.first; *link != nullptr; link = &(*link)->next) {
    Carrier* const carrier = *link;
    if (carrier->stack != task.stack) continue;
    *link = carrier->next;
    --here.count;
    return carrier;
  }
  return nullptr;
}

/// Apart, as is what follows, so that start_task() is short where a carrier waits.
[[gnu::noinline]] bool create_carrier(Task& task, std::string_view name) {
  NextThread next{.core = task.core, .stack_low = allocate_stack(task.stack)};
  if (next.stack_low == 0) return false;
  next.stack_high = next.stack_low + task.stack;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstack(&attributes, reinterpret_cast<void*>(next.stack_low), task.stack);
  next.task = &task;
  next.name = name;
  const CreateAs as(next);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, carry, &task);
  pthread_attr_destroy(&attributes);
  if (error == 0) return true;
  free_stack(next.stack_low, task.stack);
  return false;
}

[[noreturn, gnu::noinline]] void end_without_core(std::uint32_t core) {
  std::fprintf(stderr, "toro: a thread for core %u was wanted, but the machine has %u\n", core, cores());
  std::abort();
}

}  // namespace

/// Where threads can be on another core than a device, the kernel has the means to carry their calls there.
[[gnu::used]] static void (*const carry_calls)(std::uint32_t core, Work& work) = submit;

bool start_task(Task& task, std::string_view name) {
  if (task.core >= cores()) end_without_core(task.core);
  task.stack = (std::max(task.stack, kLeastStack) + kPageSize - 1) & ~(kPageSize - 1);
  Carrier* const carrier = task.core == this_core() ? take_spare(task) : nullptr;
  if (carrier == nullptr) return create_carrier(task, name);
  carrier->task = &task;
  task.thread = carrier->thread;
  rename_thread(carrier->thread, name);
  unpark(carrier->thread);
  return true;
}

void detach(Task& task) {
  if (task.state.exchange(Task::detached, std::memory_order_acq_rel) == Task::ended) task.destroy(task);
}

void leave_thread() {
  if (std::uncaught_exceptions() == 0) throw ThreadExit{};
}

void leave_if_killed() {
  if (is_killed()) leave_thread();
}

}  // namespace toro::detail
