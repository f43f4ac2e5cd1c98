// The two 8259 interrupt controllers. [8259A]
#include "kernel/arch/x86_64/pic.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/lapic.hpp"

namespace toro::arch::pic {
namespace {

constexpr std::uint8_t kOfOne = 8;  // interrupts of one controller

/// Ports of the controller that has interrupt `irq`, and the interrupt's bit there.
constexpr std::uint16_t command_port(std::uint8_t irq) {
  return irq < kOfOne ? 0x20 : 0xa0;
}
constexpr std::uint16_t mask_port(std::uint8_t irq) {
  return irq < kOfOne ? 0x21 : 0xa1;
}
constexpr std::uint16_t trigger_port(std::uint8_t irq) {
  return irq < kOfOne ? 0x4d0 : 0x4d1;
}
constexpr std::uint8_t bit_of(std::uint8_t irq) {
  return static_cast<std::uint8_t>(1U << irq % kOfOne);
}
constexpr std::uint8_t kSecond = kOfOne;  // any interrupt of the second controller

constexpr std::uint8_t kInitialize = 0x11;      // ICW1, with ICW4 to come
constexpr std::uint8_t k8086 = 0x01;            // ICW4: no automatic end of interrupt
constexpr std::uint8_t kEndOfInterrupt = 0x20;  // OCW2, of the one with the highest priority
constexpr std::uint8_t kReadService = 0x0b;     // OCW3

void initialize(std::uint8_t irq, std::uint8_t vector, std::uint8_t wiring) {
  out8(command_port(irq), kInitialize);
  out8(mask_port(irq), vector);
  out8(mask_port(irq), wiring);
  out8(mask_port(irq), k8086);
}

}  // namespace

void silence() {
  out8(mask_port(0), 0xff);
  out8(mask_port(kSecond), 0xff);
}

void start() {
  initialize(0, kFirstVector, bit_of(kCascade));
  initialize(kSecond, kFirstVector + kOfOne, kCascade);
  out8(mask_port(0), static_cast<std::uint8_t>(~bit_of(kCascade)));
  out8(mask_port(kSecond), 0xff);
  lapic::accept_pic();
}

void unmask(std::uint8_t irq, firmware::Trigger trigger) {
  if (trigger == firmware::Trigger::level)
    out8(trigger_port(irq), static_cast<std::uint8_t>(in8(trigger_port(irq)) | bit_of(irq)));
  out8(mask_port(irq), static_cast<std::uint8_t>(in8(mask_port(irq)) & ~bit_of(irq)));
}

void mask(std::uint8_t irq) {
  out8(mask_port(irq), in8(mask_port(irq)) | bit_of(irq));
}

bool in_service(std::uint8_t irq) {
  out8(command_port(irq), kReadService);
  return (in8(command_port(irq)) & bit_of(irq)) != 0;
}

void end_of_interrupt(std::uint8_t irq) {
  if (irq >= kOfOne) out8(command_port(kSecond), kEndOfInterrupt);
  end_cascade();
}

void end_cascade() {
  out8(command_port(0), kEndOfInterrupt);
}

}  // namespace toro::arch::pic
