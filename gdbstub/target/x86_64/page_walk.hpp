// What the page tables say about an address. Reads them through a function, so it needs no machine. [SDM 3A 4.5]
#pragma once

#include <cstdint>

#include "gdbstub/protocol/types.hpp"

namespace toro::gdbstub::x86_64 {

/// Reads one entry at a physical address; false where that memory is not there.
using ReadEntry = bool (*)(const void* context, std::uint64_t physical, std::uint64_t& entry);

struct PageTables {
  std::uint64_t cr3;
  unsigned levels;  ///< 4, or 5 with LA57
  ReadEntry read_entry;
  const void* context = nullptr;  ///< what read_entry gets
};

/// The page that holds `address`, or the hole around it: start, size, rights.
[[nodiscard]] MemoryRegion walk(const PageTables& tables, std::uint64_t address);

/// The same, joined with its neighbours above of the same rights, at most `most` of them.
[[nodiscard]] MemoryRegion region_at(const PageTables& tables, std::uint64_t address, unsigned most = 4096);

}  // namespace toro::gdbstub::x86_64
