// Time as the C library counts it, and as the kernel does.
#pragma once

#include <cstdint>

namespace toro::posix {

struct TimeSpec {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

[[nodiscard]] constexpr bool is_valid(const TimeSpec& time) {
  return time.seconds >= 0 && time.nanoseconds >= 0 && time.nanoseconds < 1'000'000'000;
}

/// Saturates: 292 years are for ever.
[[nodiscard]] std::uint64_t nanoseconds_of(const TimeSpec& time);

/// Now plus a duration, saturated; nanoseconds since boot.
[[nodiscard]] std::uint64_t deadline_after(std::uint64_t duration);

/// The point in time since boot at which the wall clock shows `wall`; 0 when that is past.
[[nodiscard]] std::uint64_t boot_time_of_wall(std::uint64_t wall);

}  // namespace toro::posix
