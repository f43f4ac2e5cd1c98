// Time of a core: nanoseconds since boot from the TSC, wall-clock time, and the one-shot timer.
#pragma once

#include <cstdint>
#include <string_view>

namespace toro::arch::clock {

/// Nanoseconds since boot, by kvmclock since the virtual machine began; never goes back. The first call finds the TSC's
/// rate: at no cost where the hypervisor or the processor tells it (kvmclock, CPUID 40000010h, 15h), else against the
/// reference clock, or where the board has none the local APIC's timer, for which it waits until 500 µs have passed
/// since boot. Any context.
[[nodiscard]] std::uint64_t now();

/// What the wall clock showed at boot, nanoseconds since 1970-01-01 UTC, by kvmclock or the CMOS clock; 0 where there
/// is neither. Wall-clock time is this plus now().
[[nodiscard]] std::uint64_t wall_at_boot();

/// Nanoseconds that `ticks` of the TSC take.
[[nodiscard]] std::uint64_t nanoseconds_of(std::uint64_t ticks);

/// A clock of the board's that counts up at a known rate.
struct Reference {
  const char* name = nullptr;         ///< a literal
  std::uint32_t (*read)() = nullptr;  ///< in any context
  std::uint64_t hz = 0;
  std::uint32_t mask = 0;  ///< of the bits that it has
};

/// Lets the TSC's rate be found by `reference`, and notes where both stand. At boot, before anybody asks for the time.
void use_reference(const Reference& reference);

/// What now() goes by: "kvmclock", "cpuid", "lapic", or the reference's name.
[[nodiscard]] std::string_view source();

/// Notes where TSC and APIC timer stand, so that a later calibration need not wait. Called once, by start_interrupts.
void begin();

/// Interrupts this core at `deadline` (now()'s scale), or soon after one of at most 4 s earlier: the handler looks at
/// the clock and arms again. kNever stops the timer.
inline constexpr std::uint64_t kNever = UINT64_MAX;
void arm_timer(std::uint64_t deadline);

}  // namespace toro::arch::clock
