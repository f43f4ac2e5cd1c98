// The I/O APIC. [82093AA 3.2]
#include "kernel/arch/x86_64/ioapic.hpp"

namespace toro::arch::ioapic {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kRedirection = 0x10;
constexpr std::uint32_t kMasked = 1u << 16;
constexpr std::uint32_t kLevel = 1u << 15;

volatile std::uint32_t& select() {
  return *reinterpret_cast<volatile std::uint32_t*>(kBase);
}
volatile std::uint32_t& window() {
  return *reinterpret_cast<volatile std::uint32_t*>(kBase + 0x10);
}

std::uint32_t read(std::uint32_t r) {
  select() = r;
  return window();
}
void write(std::uint32_t r, std::uint32_t value) {
  select() = r;
  window() = value;
}

}  // namespace

unsigned pins() {
  return (read(kVersion) >> 16 & 0xff) + 1;
}

void route(unsigned pin, std::uint8_t vector, std::uint8_t destination) {
  write(kRedirection + 2 * pin, kMasked);
  write(kRedirection + 2 * pin + 1, std::uint32_t{destination} << 24);
  write(kRedirection + 2 * pin, kLevel | vector);
}

}  // namespace toro::arch::ioapic
