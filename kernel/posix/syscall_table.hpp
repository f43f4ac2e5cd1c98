// From the number of a system call to its handler. [Linux arch/x86/entry/syscalls/syscall_64.tbl]
#pragma once

#include <algorithm>
#include <array>

#include "kernel/posix/syscall.hpp"

namespace toro::posix {

struct SyscallEntry {
  std::uint16_t number;
  Handler handler;
};

/// Those that every image has.
consteval auto common_entries() {
  return std::to_array<SyscallEntry>({
      {0, sys_read},
      {1, sys_write},
      {2, sys_open},
      {3, sys_close},
      {8, sys_lseek},
      {9, sys_mmap},
      {10, sys_mprotect},
      {11, sys_munmap},
      {12, sys_brk},
      {13, sys_rt_sigaction},
      {14, sys_rt_sigprocmask},
      {16, sys_ioctl},
      {19, sys_readv},
      {20, sys_writev},
      {24, sys_sched_yield},
      {28, sys_madvise},
      {35, sys_nanosleep},
      {39, sys_getpid},
      {56, sys_clone},
      {60, sys_exit},
      {63, sys_uname},
      {72, sys_fcntl},
      {96, sys_gettimeofday},
      {99, sys_sysinfo},
      {102, sys_accept_silently},  // getuid and its kin: 0
      {104, sys_accept_silently},
      {107, sys_accept_silently},
      {108, sys_accept_silently},
      {131, sys_sigaltstack},
      {157, sys_prctl},
      {158, sys_arch_prctl},
      {186, sys_gettid},
      {200, sys_tkill},
      {201, sys_time},
      {202, sys_futex},
      {204, sys_sched_getaffinity},
      {218, sys_set_tid_address},
      {228, sys_clock_gettime},
      {229, sys_clock_getres},
      {230, sys_clock_nanosleep},
      {231, sys_exit_group},
      {257, sys_open},             // openat: there is no file to be found either
      {273, sys_accept_silently},  // set_robust_list
      {309, sys_getcpu},
      {318, sys_getrandom},
  });
}

#ifndef NDEBUG
/// Says once for each number that it is missing.
void name_missing(std::uint64_t number);
#else
inline void name_missing(std::uint64_t) {}
#endif

/// The handler of `number`, or null. `kEntries` is an array with one entry for each number.
template <const auto& kEntries>
[[gnu::always_inline]] inline Handler find_handler(std::uint64_t number) {
  static constexpr std::size_t kNumbers = std::ranges::max(kEntries, {}, &SyscallEntry::number).number + 1;
  /// By 1 + their place among the entries.
  static constexpr auto kHandlers = [] {
    std::array<Handler, kEntries.size()> handlers{};
    for (std::size_t i = 0; const SyscallEntry& entry : kEntries) handlers[i++] = entry.handler;
    return handlers;
  }();
  /// 1 + index into kHandlers by number; 0 where there is none.
  static constexpr auto kIndex = [] {
    std::array<std::uint8_t, kNumbers> index{};
    for (std::uint8_t i = 0; const SyscallEntry& entry : kEntries) index[entry.number] = ++i;
    return index;
  }();
  const std::uint8_t index = number < kNumbers ? kIndex[number] : std::uint8_t{0};
  return index == 0 ? nullptr : kHandlers[index - 1u];
}

template <const auto& kEntries>
[[gnu::always_inline]] inline Result dispatch(SyscallFrame& frame) {
  if (const Handler handler = find_handler<kEntries>(frame.number)) return handler(frame);
  name_missing(frame.number);
  return failure(Error::no_system_call);
}

}  // namespace toro::posix
