#include "gdbstub/transport/wake_line.hpp"

#include "kernel/arch/x86_64/ioapic.hpp"
#include "kernel/arch/x86_64/lapic.hpp"

namespace toro::gdbstub {

namespace {

constexpr arch::IoApic kIoApic(arch::IoApic::kUsualBase);

// Of a redirection entry. [82093AA 3.2.4]
constexpr std::uint64_t kVector = 0xff, kMasked = 1u << 16;
constexpr std::uint64_t kNmi = 4u << 8;  // the rest 0: an edge of a line that is high while it interrupts
constexpr unsigned kDestination = 56;

}  // namespace

void WakeLine::find(std::uint8_t vector) {
  for (unsigned pin = 0; pin < kIoApic.pins(); ++pin) {
    const std::uint64_t entry = kIoApic.entry(pin);
    if ((entry & (kVector | kMasked)) == vector) pin_ = pin;
  }
}

void WakeLine::point_here() {
  const arch::IoApic::Borrowed borrowed(kIoApic);
  entry_ = kIoApic.entry(*pin_);
  kIoApic.set_entry(*pin_, std::uint64_t{arch::lapic::id()} << kDestination | kNmi);
}

void WakeLine::point_back() {
  const arch::IoApic::Borrowed borrowed(kIoApic);
  kIoApic.set_entry(*pin_, entry_);
}

}  // namespace toro::gdbstub
