// `heaps`: the heap of each core.
#include "kernel/memory/heap.hpp"
#include "kernel/memory/memory.hpp"
#include "kernel/tables/table.hpp"

namespace toro::memory {

struct HeapTable {
  static constexpr std::size_t kStatistics = offsetof(Heap, statistics_);
};

}  // namespace toro::memory

namespace toro::tables {
namespace {

using memory::HeapStatistics;

constexpr Place figure(std::size_t offset) {
  return at(memory::HeapTable::kStatistics + offset, sizeof(std::size_t));
}

constexpr Column kColumns[] = {
    {.name = "core", .format = Format::core_number},
    {.name = "bytes used or kept", .value = figure(offsetof(HeapStatistics, bytes_in_use))},
    {.name = "peak bytes", .value = figure(offsetof(HeapStatistics, peak_bytes))},
    {.name = "blocks", .value = figure(offsetof(HeapStatistics, blocks))},
    {.name = "regions", .value = figure(offsetof(HeapStatistics, regions))},
    {.name = "region bytes", .value = figure(offsetof(HeapStatistics, region_bytes))},
};

constexpr Table kTable{
    .name = "heaps",
    .title = "Heaps",
    .about = "The heap of each core; blocks that were freed and are kept for the next of their size count as used",
    .rows = {.each_core = true, .stride = sizeof(memory::Heap), .base = &memory::heaps},
    .columns = kColumns,
};
TORO_OBJECT_TABLE(kTable);

}  // namespace
}  // namespace toro::tables
