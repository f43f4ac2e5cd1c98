// The two 8259 interrupt controllers of every PC: in use where there is no I/O APIC, else silent. [8259A]
#pragma once

#include <cstdint>

#include "kernel/firmware/interrupt_line.hpp"

namespace toro::arch::pic {

inline constexpr std::uint8_t kInterrupts = 16;
/// Where the second controller sits on the first: no device's.
inline constexpr std::uint8_t kCascade = 2;
/// The vector of interrupt 0, the interval timer's, which nobody uses: it is the APIC timer's too.
inline constexpr std::uint8_t kFirstVector = 32;

/// No interrupt of either gets through. Any context.
void silence();

/// Starts both, every interrupt masked, and lets them interrupt the calling core, to whose LINT0 they are wired: the
/// boot core. Once.
void start();

/// `irq` below kInterrupts, neither 0 nor kCascade. The trigger is the bus's own where it is not `level`, which is for
/// machines with PCI. [PIIX4 §4.3.9] One caller at a time, with interrupts off.
void unmask(std::uint8_t irq, firmware::Trigger trigger);
void mask(std::uint8_t irq);

/// Whether `irq`, whose vector was raised, is in service. Else its line had gone when the processor asked: there is
/// nothing to do but end_cascade() where it is the second controller's.
[[nodiscard]] bool in_service(std::uint8_t irq);

/// After the handlers. From the interrupt.
void end_of_interrupt(std::uint8_t irq);
void end_cascade();

}  // namespace toro::arch::pic
