// Maps the registers of a device.
#include "kernel/devices/registers.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/paging.hpp"

namespace toro::devices {
namespace {

using arch::paging::Access;
using arch::paging::kPageSize;

/// One past the last physical address. [SDM 3A 4.1.4]
std::uint64_t end_of_addresses() {
  constexpr std::uint32_t kLeaf = 0x80000008;
  const std::uint32_t bits = arch::cpuid(0x80000000).eax >= kLeaf ? arch::cpuid(kLeaf).eax & 0xff : 36;
  return std::uint64_t{1} << (bits < 52 ? bits : 52);
}

bool is_free(std::uintptr_t begin, std::uintptr_t end) {
  for (std::uintptr_t at = begin; at < end; at = arch::paging::end_of_same_access(at, end)) {
    const Access access = arch::paging::access_at(at);
    if (access != Access::none && access != Access::device) return false;
  }
  return true;
}

}  // namespace

bool map_registers(std::uint64_t address, std::uint64_t length) {
  const std::uint64_t limit = end_of_addresses();
  if (address < kPageSize || length == 0 || address >= limit || length > limit - address) return false;
  const std::uintptr_t begin = address & ~(kPageSize - 1);
  const std::uintptr_t end = (address + length + kPageSize - 1) & ~(kPageSize - 1);
  return is_free(begin, end) && arch::paging::set_access(begin, end, Access::device);
}

}  // namespace toro::devices
