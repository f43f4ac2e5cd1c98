// The local APIC of a core: its identity, end of interrupt, LINT1 as NMI, the one-shot timer. [SDM 3A 11]
#pragma once

#include <cstdint>

namespace toro::arch::lapic {

/// Page that the registers occupy until x2APIC is on; to be mapped uncacheable.
inline constexpr std::uintptr_t kBase = 0xfee00000;

/// Vector of the timer and of spurious interrupts.
inline constexpr std::uint8_t kTimerVector = 32;
inline constexpr std::uint8_t kSpuriousVector = 63;

/// Vector by which a core wakes another from hlt; it has no handler.
inline constexpr std::uint8_t kWakeVector = 62;

/// Vector by which a core has another one forget what it has of the page tables: tlb.hpp.
inline constexpr std::uint8_t kInvalidateVector = 61;

/// Vector by which an NMI's handler goes on where interrupts are on: on_end_request().
inline constexpr std::uint8_t kEndRequestVector = 60;

/// Enables the APIC of the calling core (x2APIC where the processor has it), lets LINT1 deliver NMIs, masks the timer.
void enable();

/// Lets the 8259s, which are wired to LINT0, interrupt the calling core, after enable().
void accept_pic();

[[nodiscard]] std::uint32_t id();

/// The same, told by the processor: before enable().
[[nodiscard]] std::uint32_t initial_id();

/// The two steps by which a core starts: it is reset, and then begins in real mode at `page`, page aligned and below
/// 1 MiB. A core that has started ignores a second startup. [SDM 3A 9.4.4]
void send_init(std::uint32_t apic_id);
void send_startup(std::uint32_t apic_id, std::uintptr_t page);

/// Interrupts a core, which sees all that this one wrote before. Any context.
void send(std::uint32_t apic_id, std::uint8_t vector);
/// The same from the handler of an NMI, which may have interrupted any of these.
void send_from_nmi(std::uint32_t apic_id, std::uint8_t vector);
void send_nmi(std::uint32_t apic_id);
/// To every other core that has started: one that has not would take it without a handler.
void send_nmi_to_others();

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
