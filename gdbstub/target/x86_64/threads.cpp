#include "gdbstub/target/x86_64/threads.hpp"

#include <algorithm>
#include <cstring>

#include "gdbstub/target/x86_64/memory.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

/// A damaged list may be a ring.
constexpr unsigned kMostThreads = 16384;

/// The thread number that stands for core 0 beside real threads; alone, the core is thread 1.
constexpr ThreadId kCoreThread{0x4000'0000};
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
  }
  return "damaged";
}

/// Copies a string that need not be one.
template <std::size_t size>
void copy_text(char (&to)[size], std::uintptr_t from) {
  std::size_t i = 0;
  while (i + 1 < size && read_object(from + i, to[i]) && to[i] != 0) ++i;
  to[i] = 0;
}

std::uintptr_t address_of(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

}  // namespace

ThreadId Threads::running_now() {
  arch::Context context;
  if (arch::contexts.running == nullptr || !read_object(address_of(arch::contexts.running), context)) {
    return arch::contexts.first == nullptr ? kOnlyThread : kCoreThread;
  }
  return static_cast<ThreadId>(context.id);
}

void Threads::begin(const arch::TrapFrame& frame) {
  frame_ = &frame;
  running_ = running_now();
  Thread ignored;
  core_itself_ = arch::contexts.running == nullptr || !fill(ignored, address_of(arch::contexts.running));
}

bool Threads::fill(Thread& thread, std::uintptr_t address) const {
  arch::Context context;
  if (!read_object(address, context)) return false;
  thread = {};
  thread.id = static_cast<ThreadId>(context.id);
  thread.core = context.core;
  thread.state = state_name(context.state);
  std::copy_n(context.name, sizeof context.name, thread.name);
  thread.name[sizeof thread.name - 1] = 0;
  if (context.state == arch::RunState::waiting) copy_text(thread.waits_for, address_of(context.waits_for));
  thread.stack_low = context.stack_low;
  thread.stack_high = context.stack_high;
  thread.cursor = address;
  if (thread.id == running_) {
    thread.state = state_name(arch::RunState::running);
    thread.pc = frame_->rip;
    thread.sp = frame_->rsp;
    return true;
  }
  arch::SwitchFrame saved;
  if (read_object(address_of(context.frame), saved)) {
    thread.pc = saved.rip;
    thread.sp = address_of(context.frame) + sizeof saved;
  }
  return true;
}

void Threads::first(Thread& thread) const {
  if (!core_itself_ && fill(thread, address_of(arch::contexts.first))) return;
  thread = {};
  thread.id = running_;
  thread.state = state_name(arch::RunState::running);
  std::memcpy(thread.name, "core 0", 7);
  thread.pc = frame_->rip;
  thread.sp = frame_->rsp;
}

bool Threads::next(Thread& thread) const {
  const std::uint32_t position = thread.position + 1;
  std::uintptr_t following = address_of(arch::contexts.first);
  if (thread.cursor != 0) {
    arch::Context context;
    if (!read_object(thread.cursor, context)) return false;
    following = address_of(context.next);
  }
  if (following == 0 || position >= kMostThreads || !fill(thread, following)) return false;
  thread.position = position;
  return true;
}

bool Threads::find(ThreadId id, arch::Context& context) const {
  std::uintptr_t address = address_of(arch::contexts.first);
  for (unsigned i = 0; address != 0 && i < kMostThreads; ++i) {
    if (!read_object(address, context)) return false;
    if (static_cast<ThreadId>(context.id) == id) return true;
    address = address_of(context.next);
  }
  return false;
}

std::uint64_t Threads::saved_frame(ThreadId id) const {
  arch::Context context;
  return id != running_ && find(id, context) ? address_of(context.frame) : 0;
}

bool Threads::fs_base(ThreadId id, std::uint64_t& value) const {
  arch::Context context;
  if (!find(id, context)) return false;
  value = context.fs_base;
  return true;
}

}  // namespace toro::gdbstub::x86_64
