// Reads the BIOS data area.
#include "kernel/firmware/low_memory.hpp"

namespace toro::firmware {
namespace {

constexpr std::uint64_t kExtendedDataSegment = 0x40e;
constexpr std::uint64_t kBaseMemoryKib = 0x413;
constexpr std::uint64_t kEndOfBaseMemory = 0xa0000;
constexpr std::uint64_t kLeastBaseMemory = 0x80000;  // qboot leaves what happens to lie there
constexpr std::size_t kKib = 1024;

std::uint64_t word_at(const PhysicalMemory& memory, std::uint64_t address) {
  const auto bytes = memory.read(address, sizeof(std::uint16_t));
  return bytes ? load<std::uint16_t>(*bytes) : 0;
}

}  // namespace

Area extended_bios_data(const PhysicalMemory& memory) {
  const std::uint64_t address = word_at(memory, kExtendedDataSegment) << 4;
  if (address == 0 || address + kKib > kEndOfBaseMemory) return {};
  return {address, kKib};
}

Area end_of_base_memory(const PhysicalMemory& memory) {
  const std::uint64_t end = word_at(memory, kBaseMemoryKib) * kKib;
  return {(end < kLeastBaseMemory || end > kEndOfBaseMemory ? kEndOfBaseMemory : end) - kKib, kKib};
}

}  // namespace toro::firmware
