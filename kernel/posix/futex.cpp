// Futexes: threads that wait for a word of memory to change. [futex(2)]
#include <atomic>
#include <utility>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/include/toro/detail/thread.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/posix/time.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::posix {
namespace {

using process::scheduler;

/// A thread that waits, on its stack. Linked while the bucket's lock is held, and taken out by who wakes it.
struct Waiter {
  std::atomic<const std::uint32_t*> word;  ///< changed under the locks of the buckets that it leaves and enters
  process::Thread* thread;
  Waiter* next = nullptr;
  Waiter* previous = nullptr;
  bool taken = false;               ///< out of the bucket; under its lock
  std::atomic<bool> woken = false;  ///< the last that is done to it: set on the waiter's core
};

/// A futex is memory that threads of all cores may share, so the place where they meet has a lock.
struct alignas(64) Bucket {
  arch::SpinLock lock;
  Waiter* first = nullptr;
  Waiter* last = nullptr;

  void push(Waiter& waiter) {
    waiter.next = nullptr;
    waiter.previous = last;
    (last != nullptr ? last->next : first) = &waiter;
    last = &waiter;
  }
  void remove(Waiter& waiter) {
    (waiter.previous != nullptr ? waiter.previous->next : first) = waiter.next;
    (waiter.next != nullptr ? waiter.next->previous : last) = waiter.previous;
  }
};

constexpr std::size_t kBuckets = 64;
constinit Bucket buckets[kBuckets]{};

/// Words that share a bucket are told apart by their address.
Bucket& bucket_of(const std::uint32_t* word) {
  constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;
  return buckets[(reinterpret_cast<std::uintptr_t>(word) >> 2) * kGoldenRatio >> 58];
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

/// Takes the waiter out of the bucket where it is by now; false when another has done so.
bool give_up(Waiter& waiter) {
  for (;;) {
    const std::uint32_t* const word = waiter.word;
    Bucket& bucket = bucket_of(word);
    const arch::SpinLockGuard guard(bucket.lock);
    if (waiter.taken) return false;
    if (waiter.word != word) continue;  // it was moved meanwhile
    bucket.remove(waiter);
    return true;
  }
}

Result wait(const std::uint32_t* word, std::uint32_t expected, const char* what, std::uint64_t deadline) {
  Bucket& bucket = bucket_of(word);
  Waiter waiter{.word = word, .thread = &scheduler().current()};
  const arch::InterruptsOff off;  // until the thread waits: who takes the waiter out meanwhile comes by message
  {
    const arch::SpinLockGuard guard(bucket.lock);
    if (*static_cast<const volatile std::uint32_t*>(word) != expected) return failure(Error::again);
    bucket.push(waiter);
  }
  while (!waiter.woken) {
    const process::WakeReason reason =
        std::exchange(waiter.thread->interrupted, false)
            ? process::WakeReason::interrupted
            : scheduler().suspend(what, process::WaitKind::thread, deadline, process::Interruption::ends_wait);
    if (reason == process::WakeReason::woken) continue;
    if (give_up(waiter))
      return failure(reason == process::WakeReason::timed_out ? Error::timed_out : Error::interrupted);
    while (!waiter.woken) scheduler().suspend(what, process::WaitKind::thread);  // it is being woken
  }
  return 0;
}

/// On the waiter's core: its last sight of the waiter, which is gone once its thread runs.
void finish(Waiter& waiter) {
  process::Thread& thread = *waiter.thread;
  waiter.woken = true;
  scheduler().resume(thread);
}

/// Takes up to `count` waits for `word` out of its bucket, which must be locked, and chains them by `next`.
Waiter* take(Bucket& bucket, const std::uint32_t* word, std::uint32_t count, std::uint32_t& taken) {
  Waiter* chain = nullptr;
  Waiter** end = &chain;
  for (Waiter* waiter = bucket.first; waiter != nullptr && taken < count;) {
    Waiter* const next = waiter->next;
    if (waiter->word == word) {
      bucket.remove(*waiter);
      waiter->taken = true;
      waiter->next = nullptr;
      *end = waiter;
      end = &waiter->next;
      ++taken;
    }
    waiter = next;
  }
  return chain;
}

/// Lets up to `most` waits for `word` wait for `to`; both buckets must be locked.
std::uint32_t move(Bucket& from_bucket, const std::uint32_t* word, Bucket& to_bucket, const std::uint32_t* to,
                   std::uint32_t most) {
  std::uint32_t moved = 0;
  Waiter* const last = from_bucket.last;  // both may be one bucket: what is moved there is not looked at again
  for (Waiter* waiter = from_bucket.first; waiter != nullptr && moved < most;) {
    Waiter* const next = waiter == last ? nullptr : waiter->next;
    if (waiter->word == word) {
      from_bucket.remove(*waiter);
      waiter->word = to;
      to_bucket.push(*waiter);
      ++moved;
    }
    waiter = next;
  }
  return moved;
}

void finish_all(Waiter* chain) {
  while (chain != nullptr) {
    Waiter& waiter = *chain;
    chain = waiter.next;
    const std::uint32_t core = waiter.thread->core;
    if (arch::is_this_core(core))
      finish(waiter);
    else
      process::send(core, [](void* payload) { finish(**static_cast<Waiter**>(payload)); }, &waiter);
  }
}

/// FUTEX_WAIT has a duration, FUTEX_WAIT_BITSET a point in time.
std::uint64_t deadline_of(const TimeSpec* time, std::uint64_t operation) {
  if (time == nullptr) return process::kNoDeadline;
  if ((operation & kOperationMask) == kWait) return deadline_after(nanoseconds_of(*time));
  return (operation & kClockRealtime) != 0 ? boot_time_of_wall(nanoseconds_of(*time)) : nanoseconds_of(*time);
}

}  // namespace

Result wait_futex(const std::uint32_t* word, std::uint32_t expected, const char* what, std::uint64_t deadline,
                  WhenKilled when_killed) {
  if (when_killed == WhenKilled::gives_up && scheduler().current().killed) return failure(Error::interrupted);
  return wait(word, expected, what, deadline);
}

std::uint32_t wake_futex(const std::uint32_t* word, std::uint32_t count) {
  Bucket& bucket = bucket_of(word);
  std::uint32_t taken = 0;
  Waiter* chain;
  {
    const arch::SpinLockGuard guard(bucket.lock);
    chain = take(bucket, word, count, taken);
  }
  finish_all(chain);
  return taken;
}

namespace {

/// Wakes up to `count` waits for `word` and lets up to `most` others wait for `to` instead; how many of both.
std::uint32_t requeue_futex(const std::uint32_t* word, std::uint32_t count, const std::uint32_t* to,
                            std::uint32_t most) {
  const std::uint32_t woken = wake_futex(word, count);
  Bucket* first = &bucket_of(word);
  Bucket* second = &bucket_of(to);
  if (first == second) {
    const arch::SpinLockGuard guard(first->lock);
    return woken + move(*first, word, *second, to, most);
  }
  // Locks are taken in the order of their addresses.
  const arch::SpinLockGuard guard((first < second ? first : second)->lock);
  const arch::SpinLockGuard other((first < second ? second : first)->lock);
  return woken + move(*first, word, *second, to, most);
}

}  // namespace

Result sys_futex(SyscallFrame& frame) {
  auto* word = frame.pointer<std::uint32_t>(0);
  const std::uint64_t operation = frame.argument(1);
  const auto value = frame.value<std::uint32_t>(2);
  const FloatingPointState state;  // also who wakes may wait: for room to tell another core
  switch (operation & kOperationMask) {
    case kWaitBitset:
      if (frame.value<std::uint32_t>(5) != kAnyBit) return failure(Error::no_system_call);
      [[fallthrough]];
    case kWait: {
      const auto* time = frame.pointer<const TimeSpec>(3);
      if (time != nullptr && !is_valid(*time)) return failure(Error::invalid);
      return wait(word, value, "futex", deadline_of(time, operation));
    }
    case kWakeBitset:
    case kWake:
      return wake_futex(word, value);
    case kCompareRequeue:
      if (*static_cast<volatile std::uint32_t*>(word) != frame.value<std::uint32_t>(5)) return failure(Error::again);
      [[fallthrough]];
    case kRequeue:
      return requeue_futex(word, value, frame.pointer<const std::uint32_t>(4), frame.value<std::uint32_t>(3));
    default:
      return failure(Error::no_system_call);
  }
}

}  // namespace toro::posix

namespace toro::detail {

bool wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t expected, const char* what,
                std::uint64_t deadline) {
  const auto* address = reinterpret_cast<const std::uint32_t*>(&word);
  return posix::wait(address, expected, what, deadline) != posix::failure(posix::Error::timed_out);
}

void wake(const std::atomic<std::uint32_t>& word, std::uint32_t count) {
  posix::wake_futex(reinterpret_cast<const std::uint32_t*>(&word), count);
}

}  // namespace toro::detail
