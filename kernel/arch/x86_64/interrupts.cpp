// Device interrupts: which function a vector calls.
#include "kernel/arch/x86_64/interrupts.hpp"

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/arch/x86_64/ioapic.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/trap.hpp"
#include "kernel/panic.hpp"

namespace toro::arch {
namespace {

struct Connection {
  InterruptHandler handler = nullptr;
  void* argument = nullptr;
};

constinit Connection connections[kVectors - kFirstInterruptVector]{};

}  // namespace

void start_interrupts() {
  lapic::enable();
  clock::begin();
}

void on_timer(InterruptHandler handler) {
  connections[lapic::kTimerVector - kFirstInterruptVector] = {handler, nullptr};
}

void connect_interrupt(std::uint32_t gsi, InterruptHandler handler, void* argument) {
  if (gsi >= ioapic::pins()) panic("interrupt {}: the I/O APIC has {} pins", gsi, ioapic::pins());
  for (unsigned vector = lapic::kTimerVector + 1; vector < lapic::kSpuriousVector; ++vector) {
    Connection& connection = connections[vector - kFirstInterruptVector];
    if (connection.handler != nullptr) continue;
    connection = {handler, argument};
    ioapic::route(gsi, static_cast<std::uint8_t>(vector), static_cast<std::uint8_t>(lapic::id()));
    return;
  }
  panic("interrupt {}: every vector is taken", gsi);
}

void dispatch_interrupt(TrapFrame& frame) {
  if (frame.vector == lapic::kSpuriousVector) return;  // has no end of interrupt [SDM 3A 11.9]
  const Connection& connection = connections[frame.vector - kFirstInterruptVector];
  if (connection.handler != nullptr) connection.handler(connection.argument, frame);
  lapic::end_of_interrupt();  // after the handler has quietened its device: a line that is still high interrupts again
}

}  // namespace toro::arch
