// The Linux system calls that the C library needs, by unit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/process/floating_point.hpp"

namespace toro::posix {

/// What syscall_entry.S leaves on the caller's stack, lowest address first.
struct SyscallFrame {
  std::uint64_t number;
  std::uint64_t r9, r8, r10, rdx, rsi, rdi;  ///< arguments 5, 4, 3, 2, 1, 0
  std::uint64_t r15, r14, r13, r12, rbx, rbp;
  std::uint64_t flags;
  std::uint64_t return_address;

  [[nodiscard]] std::uint64_t argument(unsigned index) const { return *(&rdi - index); }
  template <class T>
  [[nodiscard]] T* pointer(unsigned index) const {
    return reinterpret_cast<T*>(argument(index));
  }
  template <class T>
  [[nodiscard]] T value(unsigned index) const {
    return static_cast<T>(argument(index));
  }
};
static_assert(sizeof(SyscallFrame) == 15 * 8 && offsetof(SyscallFrame, rdi) == 6 * 8);

/// Bytes below its stack pointer that a function may use.
inline constexpr std::size_t kRedZone = 128;

/// Error numbers, returned negated. [Linux include/uapi/asm-generic/errno-base.h]
enum class Error : std::int64_t {
  no_entry = 2,
  no_process = 3,
  interrupted = 4,
  bad_file = 9,
  again = 11,
  no_memory = 12,
  access = 13,
  invalid = 22,
  not_a_terminal = 25,
  illegal_seek = 29,
  no_system_call = 38,
  timed_out = 110,
};

using Result = std::int64_t;
[[nodiscard]] constexpr Result failure(Error error) {
  return -static_cast<Result>(error);
}

/// One system call; its arguments are the caller's pointers, valid as anywhere in the one address space.
using Handler = Result (*)(SyscallFrame& frame);

/// In each system call that may wait: other threads change that state, and the caller counts on it.
using process::FloatingPointState;

/// Wakes up to `count` threads, on any core, that wait for `word` to change; how many. [futex(2)]
std::uint32_t wake_futex(const std::uint32_t* word, std::uint32_t count);

/// Of a thread that was killed before it waits. Functions of the C library cannot be unwound: those go on.
enum class WhenKilled : std::uint8_t { goes_on, gives_up };

/// Waits while `word` is `expected`, until wake_futex() or `deadline`: Error::again, Error::timed_out,
/// Error::interrupted. `what` is a literal for the debugger.
Result wait_futex(const std::uint32_t* word, std::uint32_t expected, const char* what, std::uint64_t deadline,
                  WhenKilled when_killed = WhenKilled::goes_on);

/// Ends the wait of thread `id`, wherever it is, if that can be ended: its call fails by Error::interrupted.
Result interrupt_thread(std::uint32_t id);

// Handlers, by file.
// files.cpp
Result sys_read(SyscallFrame&);
Result sys_readv(SyscallFrame&);
Result sys_write(SyscallFrame&);
Result sys_writev(SyscallFrame&);
Result sys_open(SyscallFrame&);
Result sys_close(SyscallFrame&);
Result sys_lseek(SyscallFrame&);
Result sys_ioctl(SyscallFrame&);
Result sys_fcntl(SyscallFrame&);
// memory.cpp
Result sys_mmap(SyscallFrame&);
Result sys_munmap(SyscallFrame&);
Result sys_mprotect(SyscallFrame&);
Result sys_madvise(SyscallFrame&);
Result sys_brk(SyscallFrame&);
// threads.cpp
Result sys_clone(SyscallFrame&);
Result sys_exit(SyscallFrame&);
Result sys_gettid(SyscallFrame&);
Result sys_set_tid_address(SyscallFrame&);
Result sys_arch_prctl(SyscallFrame&);
Result sys_prctl(SyscallFrame&);
Result sys_sched_yield(SyscallFrame&);
Result sys_sched_getaffinity(SyscallFrame&);
Result sys_getcpu(SyscallFrame&);
// futex.cpp
Result sys_futex(SyscallFrame&);
// time.cpp
Result sys_nanosleep(SyscallFrame&);
Result sys_clock_nanosleep(SyscallFrame&);
Result sys_clock_gettime(SyscallFrame&);
Result sys_clock_getres(SyscallFrame&);
Result sys_gettimeofday(SyscallFrame&);
Result sys_time(SyscallFrame&);
// process.cpp
Result sys_exit_group(SyscallFrame&);
Result sys_getpid(SyscallFrame&);
Result sys_uname(SyscallFrame&);
Result sys_getrandom(SyscallFrame&);
Result sys_sysinfo(SyscallFrame&);
Result sys_tkill(SyscallFrame&);
Result sys_rt_sigaction(SyscallFrame&);
Result sys_rt_sigprocmask(SyscallFrame&);
Result sys_sigaltstack(SyscallFrame&);
Result sys_accept_silently(SyscallFrame&);

}  // namespace toro::posix
