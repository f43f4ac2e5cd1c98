// The local APIC of a core: its identity, end of interrupt, LINT1 as NMI, the one-shot timer. [SDM 3A 11]
#pragma once

#include <cstdint>

namespace toro::arch::lapic {

/// Page that the registers occupy until x2APIC is on; to be mapped uncacheable.
inline constexpr std::uintptr_t kBase = 0xfee00000;

/// Vector of the timer and of spurious interrupts.
inline constexpr std::uint8_t kTimerVector = 32;
inline constexpr std::uint8_t kSpuriousVector = 63;

/// Enables the APIC of the calling core (x2APIC where the processor has it), lets LINT1 deliver NMIs, masks the timer.
void enable();

[[nodiscard]] std::uint32_t id();

void end_of_interrupt();

/// Counts of the timer (divide by 1) per second on every hypervisor of the QEMU and KVM family. [QEMU hw/intc/apic.c,
/// KVM APIC_BUS_CYCLE_NS]
inline constexpr std::uint64_t kTimerHz = 1'000'000'000;

/// Starts the timer at `count`, to interrupt once at 0; a count of 0 stops it.
void start_timer(std::uint32_t count);
/// Like start_timer, without an interrupt at 0.
void start_silent_timer(std::uint32_t count);
[[nodiscard]] std::uint32_t timer_count();

}  // namespace toro::arch::lapic
