// The two ways to configuration space.
#include "kernel/devices/pci/access.hpp"

#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::pci {
namespace {

constexpr std::uint16_t kAddressPort = 0xcf8, kDataPort = 0xcfc;
constexpr std::uint32_t kEnable = 1U << 31;

void select(Address address, unsigned offset) {
  arch::out32(kAddressPort, kEnable | std::uint32_t{address.bus} << 16 | std::uint32_t{address.device} << 11 |
                                std::uint32_t{address.function} << 8 | offset);
}

}  // namespace

volatile std::uint32_t* MemoryConfiguration::at(Address address, unsigned offset) const {
  return reinterpret_cast<volatile std::uint32_t*>(segment_.base + (std::uint64_t{address.bus} << 20) +
                                                   (std::uint64_t{address.device} << 15) +
                                                   (std::uint64_t{address.function} << 12) + offset);
}

std::uint32_t MemoryConfiguration::read(Address address, unsigned offset) {
  return covers(address) ? *at(address, offset) : 0xffff'ffff;
}
void MemoryConfiguration::write(Address address, unsigned offset, std::uint32_t value) {
  if (covers(address)) *at(address, offset) = value;
}

std::uint32_t PortConfiguration::read(Address address, unsigned offset) {
  select(address, offset);
  return arch::in32(kDataPort);
}
void PortConfiguration::write(Address address, unsigned offset, std::uint32_t value) {
  select(address, offset);
  arch::out32(kDataPort, value);
}

}  // namespace toro::pci
