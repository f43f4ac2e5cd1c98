// Interrupts that keep a core: one whose handler does not end, and a storm of them.
#include <cstdint>
#include <string_view>

#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/arch/x86_64/lapic.hpp"

extern "C" {

// main.cpp
extern volatile int released;
extern volatile std::uint64_t beats;
void say(const char* text);

[[gnu::noinline]] void stay_in_handler() {
  while (released == 0) beats = beats + 1;
}

}  // extern "C"

namespace {

toro::arch::InterruptTarget again;

void interrupt_self() {
  toro::arch::lapic::send(again.apic_id, again.vector);
}

void handle_for_ever(void*, toro::arch::TrapFrame&) {
  stay_in_handler();
}

void handle_and_interrupt(void*, toro::arch::TrapFrame&) {
  beats = beats + 1;
  if (released == 0) interrupt_self();
}

}  // namespace

void run_interrupts(std::string_view what) {
  const bool storm = what == "storm";
  again = toro::arch::connect_vector(storm ? handle_and_interrupt : handle_for_ever, nullptr);
  say("interrupts begin");
  interrupt_self();
  while (released == 0) asm volatile("pause");
}
