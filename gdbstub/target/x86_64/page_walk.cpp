#include "gdbstub/target/x86_64/page_walk.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

constexpr std::uint64_t kPresent = 1u << 0;
constexpr std::uint64_t kWritable = 1u << 1;
constexpr std::uint64_t kLarge = 1u << 7;
constexpr std::uint64_t kNoExecute = std::uint64_t{1} << 63;
constexpr std::uint64_t kTableAddress = 0x000f'ffff'ffff'f000;

/// Half of the addresses that are no addresses: between them. [SDM 1 3.3.7.1]
constexpr std::uint64_t half_size(unsigned levels) {
  return std::uint64_t{1} << (12 + 9 * levels - 1);
}

}  // namespace

MemoryRegion walk(const PageTables& tables, std::uint64_t address) {
  const std::uint64_t half = half_size(tables.levels);
  if (address >= half && address < 0 - half) return {.start = half, .size = 0 - half - half};
  std::uint64_t table = tables.cr3 & kTableAddress;
  bool writable = true;
  bool executable = true;
  for (unsigned level = tables.levels; level > 0; --level) {
    const unsigned shift = 12 + 9 * (level - 1);
    const std::uint64_t size = std::uint64_t{1} << shift;
    MemoryRegion region{.start = address & ~(size - 1), .size = size};
    std::uint64_t entry = 0;
    if (!tables.read_entry(tables.context, table + (address >> shift & 511) * 8, entry) || (entry & kPresent) == 0)
      return region;
    writable = writable && (entry & kWritable) != 0;
    executable = executable && (entry & kNoExecute) == 0;
    if (level == 1 || (level <= 3 && (entry & kLarge) != 0)) {
      region.mapped = true;
      region.writable = writable;
      region.executable = executable;
      return region;
    }
    table = entry & kTableAddress;
  }
  return {};
}

MemoryRegion region_at(const PageTables& tables, std::uint64_t address, unsigned most) {
  MemoryRegion region = walk(tables, address);
  for (unsigned i = 0; i < most; ++i) {
    const std::uint64_t end = region.start + region.size;
    if (end == 0) break;
    const MemoryRegion next = walk(tables, end);
    if (next.mapped != region.mapped || next.writable != region.writable || next.executable != region.executable) break;
    region.size += next.size;
  }
  return region;
}

}  // namespace toro::gdbstub::x86_64
