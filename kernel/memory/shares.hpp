// Which part of RAM is which core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/memory/page_ranges.hpp"

namespace toro::memory {

/// Whole pages of a memory node (a proximity domain of ACPI's SRAT; 0 where there is none).
struct NodeRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::uint32_t node = 0;
};

/// Calls `give(core, PageRange)` for every part of `ram`: each node's memory is divided evenly between its cores, in
/// their order by address, and that of a node without cores between all cores. `node_of(core)` tells a core's node.
template <class NodeOf, class Give>
void divide(std::span<const NodeRange> ram, unsigned cores, NodeOf node_of, Give give) {
  for (std::size_t first = 0; first < ram.size(); ++first) {
    const std::uint32_t node = ram[first].node;
    bool is_first = true;
    std::size_t total = 0;  // pages of the node
    for (std::size_t i = 0; i < ram.size(); ++i) {
      if (ram[i].node != node) continue;
      if (i < first) is_first = false;
      total += (ram[i].end - ram[i].begin) / kPageSize;
    }
    if (!is_first) continue;
    unsigned sharers = 0;
    for (unsigned core = 0; core < cores; ++core) sharers += node_of(core) == node ? 1 : 0;
    const bool is_everybodys = sharers == 0;
    if (is_everybodys) sharers = cores;

    // Sharer r has the pages from total * r / sharers to total * (r + 1) / sharers, counted through the node's ranges.
    std::size_t passed = 0;
    for (const NodeRange& range : ram) {
      if (range.node != node) continue;
      const std::size_t pages = (range.end - range.begin) / kPageSize;
      unsigned rank = 0;
      for (unsigned core = 0; core < cores; ++core) {
        if (!is_everybodys && node_of(core) != node) continue;
        std::size_t from = total * rank / sharers;
        std::size_t to = total * (rank + 1) / sharers;
        ++rank;
        if (from < passed) from = passed;
        if (to > passed + pages) to = passed + pages;
        if (from < to) give(core, PageRange{range.begin + (from - passed) * kPageSize, to - from});
      }
      passed += pages;
    }
  }
}

}  // namespace toro::memory
