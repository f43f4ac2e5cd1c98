// System calls on the one process that there is.
#include <cstring>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/include/toro/entropy.hpp"
#include "kernel/memory/memory.hpp"
#include "kernel/panic.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/shutdown.hpp"

namespace toro::posix {

Result sys_exit_group(SyscallFrame& frame) {
  console::flush_elsewhere();
  shut_down(frame.value<std::uint8_t>(0));
}

Result sys_getpid(SyscallFrame&) {
  return 1;
}

Result sys_uname(SyscallFrame& frame) {
  struct Names {
    char system[65], node[65], release[65], version[65], machine[65], domain[65];
  };
  auto& names = *frame.pointer<Names>(0);
  std::memset(&names, 0, sizeof names);
  std::memcpy(names.system, "Toro", 5);
  std::memcpy(names.node, "toro", 5);
  std::memcpy(names.release, "0.1.0", 6);
  std::memcpy(names.machine, "x86_64", 7);
  return 0;
}

Result sys_getrandom(SyscallFrame& frame) {
  auto* out = frame.pointer<std::byte>(0);
  const std::size_t size = frame.argument(1);
  if (arch::entropy_source() == EntropySource::none) return failure(Error::again);
  for (std::size_t done = 0; done < size; done += sizeof(std::uint64_t)) {
    const std::uint64_t word = arch::random_word();
    std::memcpy(out + done, &word, size - done < sizeof word ? size - done : sizeof word);
  }
  return static_cast<Result>(size);
}

Result sys_sysinfo(SyscallFrame& frame) {
  struct Information {
    std::int64_t uptime = 0;
    std::uint64_t loads[3]{};
    std::uint64_t total_ram = 0, free_ram = 0, shared_ram = 0, buffer_ram = 0, total_swap = 0, free_swap = 0;
    std::uint16_t processes = 1;
    std::uint64_t total_high = 0, free_high = 0;
    std::uint32_t unit = 1;
  };
  std::uint64_t total = 0;
  for (const boot::MemoryRange& ram : boot::information().ram_ranges()) total += ram.end - ram.begin;
  *frame.pointer<Information>(0) = {
      .uptime = static_cast<std::int64_t>(arch::clock::now() / 1'000'000'000),
      .total_ram = total,
      .free_ram = memory::free_bytes(),
  };
  return 0;
}

/// A signal to a thread: only raise() and pthread_cancel() come here. What ends a process there ends the machine here;
/// a thread to be cancelled is marked by the C library, and has but to look up.
Result sys_tkill(SyscallFrame& frame) {
  constexpr std::uint64_t kAbort = 6;
  constexpr std::uint64_t kCancel = 33;
  if (frame.argument(1) == 0) return 0;
  const FloatingPointState state;
  if (frame.argument(1) == kCancel) return interrupt_thread(frame.value<std::uint32_t>(0));
  if (frame.argument(1) == kAbort) panic("abort() was called");
  panic("signal {} was raised", frame.argument(1));
}

// There are no signals. What was asked for is forgotten; what is asked is answered: each signal has its default action,
// none is blocked, there is no stack for them.

Result sys_rt_sigaction(SyscallFrame& frame) {
  constexpr std::size_t kActionSize = 32;  // handler, flags, restorer, mask
  if (auto* old = frame.pointer<std::byte>(2); old != nullptr) std::memset(old, 0, kActionSize);
  return 0;
}

Result sys_rt_sigprocmask(SyscallFrame& frame) {
  if (auto* old = frame.pointer<std::byte>(2); old != nullptr) std::memset(old, 0, frame.argument(3));
  return 0;
}

Result sys_sigaltstack(SyscallFrame& frame) {
  struct Stack {
    void* address = nullptr;
    std::int32_t flags = 0;
    std::size_t size = 0;
  };
  constexpr std::int32_t kDisabled = 2;  // SS_DISABLE
  if (auto* old = frame.pointer<Stack>(1); old != nullptr) *old = {.flags = kDisabled};
  return 0;
}

Result sys_accept_silently(SyscallFrame&) {
  return 0;
}

}  // namespace toro::posix
