// System calls of images that use no files.
#include <array>

#include "kernel/devices/console.hpp"
#include "kernel/posix/syscall_table.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::posix {

#ifndef NDEBUG
namespace {

constinit std::array<bool, 512> named{};

}  // namespace

void name_missing(std::uint64_t number) {
  if (number < named.size()) {
    if (named[number]) return;
    named[number] = true;
  }
  const FloatingPointState state;
  print(console::sink(), "toro: system call {} is not there: ENOSYS\n", number);
}
#endif

namespace {

constexpr auto kEntries = common_entries();

}  // namespace

/// Weak: file_syscalls.cpp has another one.
extern "C" [[gnu::weak]] Result toro_syscall(SyscallFrame& frame) {
  process::Scheduler::current().interrupted = false;  // what did not end the call before ends none
  return dispatch<kEntries>(frame);
}

}  // namespace toro::posix
