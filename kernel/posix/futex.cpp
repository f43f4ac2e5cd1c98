// Futexes: threads that wait for a word of memory to change. [futex(2)]
#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/posix/time.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::posix {
namespace {

using process::scheduler;
using process::WaitQueue;

constexpr std::size_t kQueues = 64;
constinit WaitQueue queues[kQueues]{};

std::uintptr_t key_of(const std::uint32_t* word) {
  return reinterpret_cast<std::uintptr_t>(word);
}

/// Words that share a queue are told apart by their address as key.
WaitQueue& queue_of(const std::uint32_t* word) {
  constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;
  return queues[(key_of(word) >> 2) * kGoldenRatio >> 58];
}

enum Operation : std::uint64_t {
  kWait = 0,
  kWake = 1,
  kRequeue = 3,
  kCompareRequeue = 4,
  kWaitBitset = 9,
  kWakeBitset = 10
};
constexpr std::uint64_t kOperationMask = 0x7f;
constexpr std::uint64_t kClockRealtime = 0x100;
constexpr std::uint32_t kAnyBit = UINT32_MAX;

Result wait(const std::uint32_t* word, std::uint32_t expected, std::uint64_t deadline) {
  const FloatingPointState state;
  const arch::InterruptsOff off;
  if (*static_cast<const volatile std::uint32_t*>(word) != expected) return failure(Error::again);
  const auto reason = scheduler().wait(queue_of(word), "futex", process::WaitKind::thread, deadline, key_of(word));
  return reason == process::WakeReason::woken ? 0 : failure(Error::timed_out);
}

/// FUTEX_WAIT has a duration, FUTEX_WAIT_BITSET a point in time.
std::uint64_t deadline_of(const TimeSpec* time, std::uint64_t operation) {
  if (time == nullptr) return process::kNoDeadline;
  if ((operation & kOperationMask) == kWait) return deadline_after(nanoseconds_of(*time));
  return (operation & kClockRealtime) != 0 ? boot_time_of_wall(nanoseconds_of(*time)) : nanoseconds_of(*time);
}

}  // namespace

void wake_futex(std::uint32_t* word, std::uint32_t count) {
  scheduler().wake(queue_of(word), count, key_of(word));
}

Result sys_futex(SyscallFrame& frame) {
  auto* word = frame.pointer<std::uint32_t>(0);
  const std::uint64_t operation = frame.argument(1);
  const auto value = frame.value<std::uint32_t>(2);
  switch (operation & kOperationMask) {
    case kWaitBitset:
      if (frame.value<std::uint32_t>(5) != kAnyBit) return failure(Error::no_system_call);
      [[fallthrough]];
    case kWait: {
      const auto* time = frame.pointer<const TimeSpec>(3);
      if (time != nullptr && !is_valid(*time)) return failure(Error::invalid);
      return wait(word, value, deadline_of(time, operation));
    }
    case kWakeBitset:
    case kWake:
      return scheduler().wake(queue_of(word), value, key_of(word));
    case kCompareRequeue:
      if (*static_cast<volatile std::uint32_t*>(word) != frame.value<std::uint32_t>(5)) return failure(Error::again);
      [[fallthrough]];
    case kRequeue: {
      auto* to = frame.pointer<std::uint32_t>(4);
      const std::uint32_t woken = scheduler().wake(queue_of(word), value, key_of(word));
      return woken +
             scheduler().requeue(queue_of(word), key_of(word), queue_of(to), key_of(to), frame.value<std::uint32_t>(3));
    }
    default:
      return failure(Error::no_system_call);
  }
}

}  // namespace toro::posix
