// An I/O APIC. [82093AA 3.2]
#include "kernel/arch/x86_64/ioapic.hpp"

namespace toro::arch {
namespace {

constexpr std::uintptr_t kSelect = 0, kWindow = 0x10;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kRedirection = 0x10;
constexpr std::uint32_t kNmi = 4u << 8;
constexpr std::uint32_t kActiveLow = 1u << 13;
constexpr std::uint32_t kLevel = 1u << 15;
constexpr std::uint32_t kMasked = 1u << 16;

}  // namespace

std::uint32_t IoApic::read(std::uint32_t which) const {
  word(kSelect) = which;
  return word(kWindow);
}
void IoApic::write(std::uint32_t which, std::uint32_t value) const {
  word(kSelect) = which;
  word(kWindow) = value;
}

unsigned IoApic::pins() const {
  return (read(kVersion) >> 16 & 0xff) + 1;
}

void IoApic::route(unsigned pin, InterruptTarget target, firmware::InterruptLine line, Delivery delivery) const {
  const bool nmi = delivery == Delivery::nmi;
  mask(pin);
  write(kRedirection + 2 * pin + 1, std::uint32_t{target.apic_id} << 24);
  write(kRedirection + 2 * pin, target.vector | (nmi ? kNmi : 0) |
                                    (line.polarity == firmware::Polarity::low ? kActiveLow : 0) |
                                    (line.trigger == firmware::Trigger::level && !nmi ? kLevel : 0));
}

void IoApic::mask(unsigned pin) const {
  write(kRedirection + 2 * pin, kMasked);
}

std::uint8_t IoApic::vector(unsigned pin) const {
  return static_cast<std::uint8_t>(read(kRedirection + 2 * pin));
}

IoApic::Borrowed::Borrowed(const IoApic& io_apic) : io_apic_(io_apic), selected_(io_apic.word(kSelect)) {}
IoApic::Borrowed::~Borrowed() {
  io_apic_.word(kSelect) = selected_;
}

}  // namespace toro::arch
