// The CMOS clock: wall-clock time to the second.
#pragma once

#include <cstdint>
#include <optional>

namespace toro::arch::rtc {

/// Seconds since 1970-01-01 UTC, or nothing where there is no clock or it shows no date. Does not wait.
[[nodiscard]] std::optional<std::uint64_t> read();

}  // namespace toro::arch::rtc
