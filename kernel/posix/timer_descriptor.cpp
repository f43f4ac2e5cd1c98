// Timers that are read like files. [timerfd_create(2)]
#include <algorithm>
#include <cstring>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/network/timers.hpp"
#include "kernel/posix/event_calls.hpp"
#include "kernel/posix/mutex.hpp"
#include "kernel/posix/shared_watches.hpp"
#include "kernel/posix/time.hpp"
#include "kernel/process/kernel_thread.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;

enum Clock : std::uint32_t { kRealtime = 0, kMonotonic = 1, kBoottime = 7 };
constexpr std::uint32_t kNonBlocking = 04000;
constexpr std::uint32_t kCloseOnExec = 02000000;
constexpr std::uint32_t kAbsolute = 1;     // TFD_TIMER_ABSTIME
constexpr std::uint32_t kCancelOnSet = 2;  // TFD_TIMER_CANCEL_ON_SET: the wall clock is never set

/// [timerfd_settime(2), struct itimerspec]
struct Setting {
  TimeSpec interval;
  TimeSpec value;
};

TimeSpec time_of(std::uint64_t ns) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return {static_cast<std::int64_t>(ns / kSecond), static_cast<std::int64_t>(ns % kSecond)};
}

/// Who watches a timer is told by a thread of the kernel's, which waits for the earliest.
class Timekeeper {
 public:
  /// At what `deadline_of()` says by then, nanoseconds since boot, in place of what the timer was armed for;
  /// inet::kNever: not at all.
  template <class F>
  void arm(inet::Timer& timer, F deadline_of) {
    const MutexGuard guard(mutex_, "timers");
    const std::uint64_t deadline = deadline_of();
    queue_.arm(timer, deadline);
    if (deadline == inet::kNever) return;
    if (!is_started_) process::start_kernel_thread("timers", kStackPages, serve);
    is_started_ = true;
    if (changed_.exchange(1, std::memory_order_acq_rel) == 0) toro::detail::wake(changed_, 1);
  }

 private:
  static constexpr std::size_t kStackPages = 4;

  [[noreturn]] static void serve();

  std::uint64_t fire_those_due() {
    const MutexGuard guard(mutex_, "timers");
    queue_.run(arch::clock::now());
    return queue_.next();
  }

  Mutex mutex_;
  inet::TimerQueue queue_;
  bool is_started_ = false;
  std::atomic<std::uint32_t> changed_ = 0;
};
constinit Timekeeper timekeeper;

void Timekeeper::serve() {
  for (;;) {
    timekeeper.changed_ = 0;
    const std::uint64_t next = timekeeper.fire_those_due();
    toro::detail::wait_while(timekeeper.changed_, 0, "the next timer", next);
  }
}

class TimerDescriptor final : public Stream {
 public:
  explicit TimerDescriptor(bool goes_by_wall_clock)
      : Stream(StreamKind::timer), goes_by_wall_clock_(goes_by_wall_clock) {}

  /// How often it has expired since somebody asked.
  FileResult read(std::span<const IoVector> to) override {
    if (to.empty() || to[0].size < sizeof(std::uint64_t)) return failure(filesystem::Error::invalid);
    std::uint64_t count = 0;
    TRY(watches_.until_done(!is_non_blocking, "a timer", [&]() -> FileResult {
      advance();
      if (expirations_ == 0) return SharedWatches::kAgain;
      count = std::exchange(expirations_, 0);
      return 0;
    }));
    arm();
    std::memcpy(to[0].base, &count, sizeof count);
    return sizeof count;
  }
  FileResult write(std::span<const IoVector>) override { return failure(filesystem::Error::invalid); }
  FileResult control(std::uint32_t, void*) override { return std::unexpected(kNotATerminal); }

  Events poll(inet::Watch* watch) override {
    return watches_.watch(watch, [&] {
      advance();
      return expirations_ == 0 ? Events{0} : kIn;
    });
  }
  void unwatch(inet::Watch& watch) override { watches_.unwatch(watch); }

  void close() override {
    timekeeper.arm(timer_, [] { return inet::kNever; });
    inet::dispose(this);
  }

  /// Writes what was set before, where that is asked for.
  FileResult set(const Setting& setting, std::uint32_t flags, Setting* before) {
    if (!is_valid(setting.value) || !is_valid(setting.interval)) return failure(filesystem::Error::invalid);
    const std::uint64_t value = nanoseconds_of(setting.value);
    std::uint64_t next = 0;
    if (value != 0 && (flags & kAbsolute) == 0) next = deadline_after(value);
    if (value != 0 && (flags & kAbsolute) != 0)
      next = std::max(goes_by_wall_clock_ ? boot_time_of_wall(value) : value, std::uint64_t{1});
    watches_.run([&] {
      if (before != nullptr) *before = left();
      next_ = next;
      interval_ = value == 0 ? 0 : nanoseconds_of(setting.interval);
      expirations_ = 0;
    });
    arm();
    return 0;
  }

  Setting setting() {
    return watches_.run([&] { return left(); });
  }

 private:
  /// Who watches is told once, until somebody reads: a short interval costs nothing while nobody does.
  static void expire(void* of) { static_cast<TimerDescriptor*>(of)->watches_.raise(); }
  void arm() {
    timekeeper.arm(timer_, [&] { return watches_.run([&] { return next_ == 0 ? inet::kNever : next_; }); });
  }

  /// Counts what has expired by now, which is returned.
  std::uint64_t advance() {
    const std::uint64_t now = arch::clock::now();
    if (next_ == 0 || now < next_) return now;
    const std::uint64_t count = interval_ == 0 ? 1 : 1 + (now - next_) / interval_;
    expirations_ += count;
    next_ = interval_ == 0 ? 0 : next_ + count * interval_;
    return now;
  }
  Setting left() {
    const std::uint64_t now = advance();
    return {time_of(interval_), time_of(next_ == 0 ? 0 : next_ - now)};
  }

  SharedWatches watches_;
  inet::Timer timer_{this, expire};
  bool goes_by_wall_clock_;
  std::uint64_t next_ = 0;      ///< nanoseconds since boot; 0: never
  std::uint64_t interval_ = 0;  ///< nanoseconds; 0: it expires once
  std::uint64_t expirations_ = 0;
};

/// Held while it lives.
struct HeldTimer {
  Descriptor descriptor;
  static filesystem::Result<HeldTimer> find(std::int32_t number) {
    HeldTimer timer{TRY(Descriptor::find(number))};
    const Stream* const stream = timer.descriptor.stream();
    if (stream == nullptr || stream->kind() != StreamKind::timer) return failure(filesystem::Error::invalid);
    return timer;
  }
  TimerDescriptor* operator->() const { return static_cast<TimerDescriptor*>(descriptor.stream()); }
};

}  // namespace

FileResult call_timerfd_create(SyscallFrame& frame) {
  const auto clock = frame.value<std::uint32_t>(0);
  const auto flags = frame.value<std::uint32_t>(1);
  if ((clock != kRealtime && clock != kMonotonic && clock != kBoottime) ||
      (flags & ~(kNonBlocking | kCloseOnExec)) != 0)
    return failure(filesystem::Error::invalid);
  auto descriptor = TRY(NewDescriptor::reserve());
  auto* const timer = inet::make<TimerDescriptor>(clock == kRealtime);
  if (timer == nullptr) return failure(filesystem::Error::no_memory);
  timer->is_non_blocking = (flags & kNonBlocking) != 0;
  return descriptor.open(*timer, (flags & kCloseOnExec) != 0);
}

FileResult call_timerfd_settime(SyscallFrame& frame) {
  const auto flags = frame.value<std::uint32_t>(1);
  if ((flags & ~(kAbsolute | kCancelOnSet)) != 0) return failure(filesystem::Error::invalid);
  const HeldTimer timer = TRY(HeldTimer::find(frame.value<std::int32_t>(0)));
  return timer->set(*frame.pointer<const Setting>(2), flags, frame.pointer<Setting>(3));
}

FileResult call_timerfd_gettime(SyscallFrame& frame) {
  const HeldTimer timer = TRY(HeldTimer::find(frame.value<std::int32_t>(0)));
  *frame.pointer<Setting>(1) = timer->setting();
  return 0;
}

}  // namespace toro::posix
