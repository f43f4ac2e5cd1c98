// Device interrupts: which function a vector calls.
#include "kernel/arch/x86_64/interrupts.hpp"

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/tlb.hpp"
#include "kernel/arch/x86_64/trap.hpp"
#include "kernel/panic.hpp"

namespace toro::arch {

TORO_PER_CORE(Connections, connections);
static_assert(kInterruptVectors == kVectors - kFirstInterruptVector);

namespace {

/// Of connect_interrupt().
constexpr firmware::InterruptLine kLine{firmware::Polarity::high, firmware::Trigger::level};

/// From the highest on, so that the low ones are left for what is wired to them: the 8259s.
std::uint8_t take_vector(InterruptHandler handler, void* argument) {
  for (unsigned vector = lapic::kEndRequestVector - 1; vector > lapic::kTimerVector; --vector) {
    Connection& connection = (*connections)[vector - kFirstInterruptVector];
    if (connection.handler != nullptr) continue;
    connection = {handler, argument};
    return static_cast<std::uint8_t>(vector);
  }
  panic("interrupts: every vector of core {} is taken", this_core());
}

/// This core, as I/O APIC and messages name it: by eight bits.
std::uint8_t destination() {
  const std::uint32_t apic_id = lapic::id();
  if (apic_id > IoApic::kHighestDestination)
    panic("interrupts: devices cannot reach core {}, whose APIC id is {}", this_core(), apic_id);
  return static_cast<std::uint8_t>(apic_id);
}

}  // namespace

TORO_PER_CORE(std::uint64_t, interrupt_count);

void start_interrupts() {
  lapic::enable();
  clock::begin();
}

void on_timer(InterruptHandler handler) {
  (*connections)[lapic::kTimerVector - kFirstInterruptVector] = {handler, nullptr};
}

void on_end_request(InterruptHandler handler) {
  (*connections)[lapic::kEndRequestVector - kFirstInterruptVector] = {handler, nullptr};
}

void connect_interrupt(std::uint32_t pin, InterruptHandler handler, void* argument) {
  constexpr IoApic io_apic(IoApic::kUsualBase);
  if (pin >= io_apic.pins()) panic("interrupt {}: the I/O APIC has {} pins", pin, io_apic.pins());
  io_apic.route(pin, connect_vector(handler, argument), kLine);
}

bool redirect_interrupt(std::uint32_t pin, Delivery delivery, std::uint32_t apic_id) {
  constexpr IoApic io_apic(IoApic::kUsualBase);
  if (apic_id > IoApic::kHighestDestination) return false;
  const IoApic::Borrowed borrowed(io_apic);
  io_apic.route(pin, {io_apic.vector(pin), static_cast<std::uint8_t>(apic_id)}, kLine, delivery);
  return true;
}

InterruptTarget connect_vector(InterruptHandler handler, void* argument) {
  return {take_vector(handler, argument), destination()};
}

bool connect_fixed_vector(std::uint8_t vector, InterruptHandler handler, void* argument) {
  Connection& connection = (*connections)[vector - kFirstInterruptVector];
  if (connection.handler != nullptr) return false;
  connection = {handler, argument};
  return true;
}

InterruptMessage message_for(InterruptTarget target, Delivery delivery) {
  constexpr std::uint64_t kMessages = 0xfee00000;
  constexpr std::uint32_t kNmi = 4u << 8;
  return {kMessages | std::uint64_t{target.apic_id} << 12, target.vector | (delivery == Delivery::nmi ? kNmi : 0)};
}

InterruptMessage connect_message(InterruptHandler handler, void* argument) {
  return message_for(connect_vector(handler, argument), Delivery::vector);
}

void dispatch_interrupt(TrapFrame& frame) {
  if (frame.vector == lapic::kSpuriousVector) return;  // has no end of interrupt [SDM 3A 11.9]
  if (frame.vector == lapic::kInvalidateVector) tlb::acknowledge();
  ++*interrupt_count;
  const Connection& connection = (*connections)[frame.vector - kFirstInterruptVector];
  if (connection.handler != nullptr) connection.handler(connection.argument, frame);
  lapic::end_of_interrupt();  // after the handler has quietened its device: a line that is still high interrupts again
}

}  // namespace toro::arch
