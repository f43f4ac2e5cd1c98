// The end of a kernel that cannot go on: says why, where and with which registers, and ends the machine.
#pragma once

#include <source_location>

#include "kernel/lib/format.hpp"

namespace toro {

namespace arch {
struct TrapFrame;
}

/// Exit status of a machine that panicked, as a shell gives a program that aborted.
inline constexpr unsigned char kPanicStatus = 134;

/// Prints `PANIC: …` with a backtrace of the caller and ends the machine; a debugger, where one is attached, stops
/// here first. Reports what the other cores were at, and the states of all threads. Any context; of several cores that
/// panic one reports; a panic within a panic prints one line and ends the machine.
[[noreturn]] void panic_text(std::string_view format, std::span<const FormatArgument> arguments);

template <class... Arguments>
[[noreturn]] void panic(FormatString<std::type_identity_t<Arguments>...> format, const Arguments&... arguments) {
  const std::array<FormatArgument, sizeof...(Arguments)> values{FormatArgument{arguments}...};
  panic_text(format.view(), values);
}

/// Whether a panic has begun: nothing recovers from a fault any more.
[[nodiscard]] bool is_panicking();

/// Whether another core's panic has begun: this one is to stop_for_panic().
[[nodiscard]] bool panics_elsewhere();

/// Halts the calling core for ever: another one panics, and reports that this one was at `frame`.
[[noreturn]] void stop_for_panic(const arch::TrapFrame& frame);

/// Panics for the exception in `frame`, with its registers and the interrupted code's backtrace.
[[noreturn]] void panic_at(const arch::TrapFrame& frame);

}  // namespace toro
