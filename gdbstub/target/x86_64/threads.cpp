#include "gdbstub/target/x86_64/threads.hpp"

#include <algorithm>
#include <cstring>

namespace toro::gdbstub::x86_64 {

namespace {

/// A damaged list may be a ring.
constexpr unsigned kMostThreads = 16384;

/// The thread number that stands for core 0 beside real threads, those after it for the others; alone, core 0 is
/// thread 1.
constexpr std::uint32_t kCoreThreads = 0x4000'0000;
constexpr ThreadId kOnlyThread{1};

std::string_view state_name(arch::RunState state) {
  switch (state) {
    case arch::RunState::ready:
      return "ready";
    case arch::RunState::running:
      return "running";
    case arch::RunState::waiting:
      return "waiting";
    case arch::RunState::ended:
      return "ended";
    case arch::RunState::polling:
      return "polling";
  }
  return "damaged";
}

std::uintptr_t address_of(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

}  // namespace

/// Copies a string that need not be one.
template <std::size_t size>
void Threads::copy_text(char (&to)[size], std::uintptr_t from) const {
  const std::size_t read = kernel_.read_memory(from, std::as_writable_bytes(std::span(to)).first(size - 1));
  to[read] = 0;
}

/// The record of what runs on a core, if it is one.
bool Threads::read_running(unsigned core, arch::Context& context) const {
  const auto registry = kernel_.contexts(core);
  return registry && registry->running != nullptr && kernel_.read(address_of(registry->running), context);
}

/// Where it stands, if its core does.
void Threads::fill_running(Thread& thread) const {
  if (const arch::TrapFrame* frame = kernel_.frame_of(thread.core)) {
    thread.state = state_name(arch::RunState::running);
    thread.waits_for[0] = 0;
    thread.pc = frame->rip;
    thread.sp = frame->rsp;
  } else {
    thread.state = "running, its core does not answer";
  }
}

bool Threads::fill(Thread& thread, unsigned core, const arch::ContextRegistry& registry, std::uintptr_t address) const {
  arch::Context context;
  if (!kernel_.read(address, context)) return false;
  thread = {};
  thread.id = static_cast<ThreadId>(context.id);
  thread.core = core;
  thread.state = state_name(context.state);
  std::copy_n(context.name, sizeof context.name, thread.name);
  thread.name[sizeof thread.name - 1] = 0;
  if (context.state == arch::RunState::waiting) copy_text(thread.waits_for, address_of(context.waits_for));
  thread.stack_low = context.stack_low;
  thread.stack_high = context.stack_high;
  thread.cursor = address;
  if (address == address_of(registry.running)) {
    fill_running(thread);
    return true;
  }
  if (context.state == arch::RunState::running) thread.state = state_name(arch::RunState::ready);  // lends its core
  arch::SwitchFrame saved;
  if (kernel_.read(address_of(context.frame), saved)) {
    thread.pc = saved.rip;
    thread.sp = address_of(context.frame) + sizeof saved;
  }
  return true;
}

/// The first of a core's; where no flow runs, the core itself. A core's own first one is its idle thread, which is
/// there for debuggers while the core has nothing else.
void Threads::fill_first(Thread& thread, unsigned core) const {
  arch::Context context;
  const auto registry = kernel_.contexts(core);
  if (registry && read_running(core, context)) {
    const bool idle = registry->running == registry->first;
    if (!idle && kernel_.read(address_of(registry->first), context) &&
        fill(thread, core, *registry, address_of(context.next))) {
      return;
    }
    if (fill(thread, core, *registry, address_of(registry->first))) return;
  }
  thread = {};
  thread.id = running_on(core);
  thread.core = core;
  const char digits[] = {static_cast<char>('0' + core / 10), static_cast<char>('0' + core % 10)};
  std::memcpy(thread.name, "core ", 5);
  std::memcpy(thread.name + 5, core < 10 ? digits + 1 : digits, core < 10 ? 1 : 2);
  fill_running(thread);
}

std::uintptr_t Threads::find_context(arch::Context& context, unsigned& core, ThreadId id) const {
  const unsigned cores = kernel_.core_count();
  for (core = 0; core < cores; ++core) {
    const auto registry = kernel_.contexts(core);
    if (!registry) continue;
    std::uintptr_t address = address_of(registry->first);
    for (unsigned i = 0; address != 0 && i < kMostThreads && kernel_.read(address, context); ++i) {
      if (static_cast<ThreadId>(context.id) == id) return address;
      address = address_of(context.next);
    }
  }
  return 0;
}

ThreadId Threads::running_on(unsigned core) const {
  arch::Context context;
  if (read_running(core, context)) return static_cast<ThreadId>(context.id);
  const auto registry = kernel_.contexts(core);
  const bool empty = !registry || registry->first == nullptr;
  return empty && core == 0 ? kOnlyThread : static_cast<ThreadId>(kCoreThreads + core);
}

Threads::Place Threads::place_of(ThreadId id) const {
  const unsigned cores = kernel_.core_count();
  for (unsigned core = 0; core < cores; ++core)
    if (kernel_.contexts(core) && running_on(core) == id) return {core, true};
  arch::Context ignored;
  unsigned core;
  return find_context(ignored, core, id) != 0 ? Place{core, false} : Place{0, false};
}

void Threads::first(Thread& thread) const {
  fill_first(thread, 0);
}

bool Threads::next(Thread& thread) const {
  const std::uint32_t position = thread.position + 1;
  if (position >= kMostThreads) return false;
  auto registry = kernel_.contexts(thread.core);
  std::uintptr_t following = registry ? address_of(registry->first) : 0;
  if (thread.cursor != 0) {
    arch::Context context;
    following = kernel_.read(thread.cursor, context) ? address_of(context.next) : 0;
  }
  bool found = following != 0 && registry && fill(thread, thread.core, *registry, following);
  const unsigned cores = kernel_.core_count();
  for (unsigned core = thread.core + 1; !found && core < cores; ++core) {
    if (!kernel_.contexts(core)) continue;
    fill_first(thread, core);
    found = true;
  }
  thread.position = position;
  return found;
}

std::uint64_t Threads::saved_frame(ThreadId id) const {
  arch::Context context;
  if (place_of(id).runs) return 0;
  unsigned core;
  return find_context(context, core, id) != 0 ? address_of(context.frame) : 0;
}

std::uintptr_t Threads::record_of(ThreadId id) const {
  arch::Context ignored;
  unsigned core;
  return find_context(ignored, core, id);
}

bool Threads::fs_base(ThreadId id, std::uint64_t& value) const {
  arch::Context context;
  unsigned core;
  if (find_context(context, core, id) == 0) return false;
  value = context.fs_base;
  return true;
}

}  // namespace toro::gdbstub::x86_64
