// Device interrupts: which function a vector calls, and the inter-processor and I/O interrupt controllers behind it.
#pragma once

#include <cstdint>

namespace toro::arch {

struct TrapFrame;

/// Called with interrupts off on the interrupt stack; must not block, switch threads or allocate.
/// `frame` is the interrupted code.
using InterruptHandler = void (*)(void* argument, TrapFrame& frame);

/// Routes global system interrupt `gsi` (an IOAPIC pin), level-triggered, to this core and calls `handler` for it.
/// Panics when all vectors are taken or no IOAPIC has that pin. Call from a thread or at boot.
void connect_interrupt(std::uint32_t gsi, InterruptHandler handler, void* argument);

/// Starts the interrupt controllers of this core: local APIC enabled, LINT1 = NMI. The I/O APIC comes out of reset
/// with every pin masked.
void start_interrupts();

/// Sets the handler of the one-shot timer.
void on_timer(InterruptHandler handler);

/// Called by the trap entry: runs the handler of the frame's vector, then ends the interrupt.
void dispatch_interrupt(TrapFrame& frame);

}  // namespace toro::arch
