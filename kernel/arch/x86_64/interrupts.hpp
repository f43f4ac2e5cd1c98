// Device interrupts: which function a vector calls, and the inter-processor and I/O interrupt controllers behind it.
#pragma once

#include <cstdint>

#include "kernel/arch/x86_64/ioapic.hpp"
#include "kernel/arch/x86_64/per_core.hpp"

namespace toro::arch {

struct TrapFrame;

/// Called with interrupts off on the interrupt stack; must not block, switch threads or allocate.
/// `frame` is the interrupted code.
using InterruptHandler = void (*)(void* argument, TrapFrame& frame);

/// What a vector calls; nothing where the handler is null.
struct Connection {
  InterruptHandler handler = nullptr;
  void* argument = nullptr;
};
inline constexpr unsigned kInterruptVectors = 32;
/// Of this core's vectors, from kFirstInterruptVector on.
using Connections = Connection[kInterruptVectors];
extern PerCore<Connections> connections;

/// Routes pin `pin` of the I/O APIC at its usual place, while its line is high, to this core and calls `handler` for
/// it: for machines that have one I/O APIC, and no table that says so. Panics when all vectors are taken or it has no
/// such pin. Call from a thread or at boot.
void connect_interrupt(std::uint32_t pin, InterruptHandler handler, void* argument);

/// Has a pin of connect_interrupt() interrupt the core with this APIC id, by its vector or as an NMI; false where it
/// cannot reach that core. A line that is high interrupts by its vector at once, as an NMI when it rises again. Any
/// context, one caller at a time.
bool redirect_interrupt(std::uint32_t pin, Delivery delivery, std::uint32_t apic_id);

/// Takes a vector of this core and calls `handler` for it. Panics when all are taken or devices cannot reach this core.
/// Call from a thread or at boot.
[[nodiscard]] InterruptTarget connect_vector(InterruptHandler handler, void* argument);

/// The same with a vector that is wired to something; false when it is taken.
[[nodiscard]] bool connect_fixed_vector(std::uint8_t vector, InterruptHandler handler, void* argument);

/// What a device writes, and where, to interrupt. [SDM 3A 11.11]
struct InterruptMessage {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
};

/// The message for `target`, or for an NMI to its core.
[[nodiscard]] InterruptMessage message_for(InterruptTarget target, Delivery delivery);

/// Takes a vector of this core for a device that signals by messages, and calls `handler` for it. Panics when all
/// vectors are taken or messages cannot reach this core. Call from a thread or at boot.
[[nodiscard]] InterruptMessage connect_message(InterruptHandler handler, void* argument);

/// Starts the interrupt controllers of this core: local APIC enabled, LINT1 = NMI. I/O APICs come out of reset with
/// every pin masked.
void start_interrupts();

/// Sets the handler of the one-shot timer.
void on_timer(InterruptHandler handler);

/// Interrupts that this core has taken.
extern PerCore<std::uint64_t> interrupt_count;

/// Sets this core's handler of lapic::kEndRequestVector.
void on_end_request(InterruptHandler handler);

/// Called by the trap entry: runs the handler of the frame's vector, then ends the interrupt.
void dispatch_interrupt(TrapFrame& frame);

}  // namespace toro::arch
