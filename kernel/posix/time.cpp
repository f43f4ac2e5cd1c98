// System calls on time.
#include "kernel/posix/time.hpp"

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::posix {
namespace {

namespace clock = arch::clock;

constexpr std::uint64_t kSecond = 1'000'000'000;

enum ClockId : std::uint64_t { kRealtime = 0, kRealtimeCoarse = 5, kLastClock = 7 };
constexpr std::uint64_t kAbsolute = 1;  // TIMER_ABSTIME

std::uint64_t wall_time() {
  return clock::wall_at_boot() + clock::now();
}

bool is_wall_clock(std::uint64_t id) {
  return id == kRealtime || id == kRealtimeCoarse;
}

TimeSpec time_spec_of(std::uint64_t ns) {
  return {static_cast<std::int64_t>(ns / kSecond), static_cast<std::int64_t>(ns % kSecond)};
}

Result sleep_until(std::uint64_t deadline) {
  const FloatingPointState state;
  return process::scheduler().sleep_until(deadline) == process::WakeReason::interrupted ? failure(Error::interrupted)
                                                                                        : 0;
}

}  // namespace

std::uint64_t nanoseconds_of(const TimeSpec& time) {
  const auto seconds = static_cast<std::uint64_t>(time.seconds);
  if (seconds > INT64_MAX / kSecond - 1) return INT64_MAX;
  return seconds * kSecond + static_cast<std::uint64_t>(time.nanoseconds);
}

std::uint64_t deadline_after(std::uint64_t duration) {
  const std::uint64_t now = clock::now();
  return duration < INT64_MAX - now ? now + duration : INT64_MAX;
}

std::uint64_t boot_time_of_wall(std::uint64_t wall) {
  return wall > clock::wall_at_boot() ? wall - clock::wall_at_boot() : 0;
}

Result sys_nanosleep(SyscallFrame& frame) {
  const auto& time = *frame.pointer<const TimeSpec>(0);
  if (!is_valid(time)) return failure(Error::invalid);
  return sleep_until(deadline_after(nanoseconds_of(time)));
}

Result sys_clock_nanosleep(SyscallFrame& frame) {
  const std::uint64_t id = frame.argument(0);
  const auto& time = *frame.pointer<const TimeSpec>(2);
  if (id > kLastClock || !is_valid(time)) return failure(Error::invalid);
  const std::uint64_t ns = nanoseconds_of(time);
  if ((frame.argument(1) & kAbsolute) == 0) return sleep_until(deadline_after(ns));
  return sleep_until(is_wall_clock(id) ? boot_time_of_wall(ns) : ns);
}

Result sys_clock_gettime(SyscallFrame& frame) {
  const std::uint64_t id = frame.argument(0);
  if (id > kLastClock) return failure(Error::invalid);
  *frame.pointer<TimeSpec>(1) = time_spec_of(is_wall_clock(id) ? wall_time() : clock::now());
  return 0;
}

Result sys_clock_getres(SyscallFrame& frame) {
  if (frame.argument(0) > kLastClock) return failure(Error::invalid);
  if (auto* resolution = frame.pointer<TimeSpec>(1); resolution != nullptr) *resolution = {0, 1};
  return 0;
}

Result sys_gettimeofday(SyscallFrame& frame) {
  const TimeSpec now = time_spec_of(wall_time());
  if (auto* time = frame.pointer<TimeSpec>(0); time != nullptr) *time = {now.seconds, now.nanoseconds / 1000};
  return 0;
}

Result sys_time(SyscallFrame& frame) {
  const std::int64_t seconds = time_spec_of(wall_time()).seconds;
  if (auto* time = frame.pointer<std::int64_t>(0); time != nullptr) *time = seconds;
  return seconds;
}

}  // namespace toro::posix
