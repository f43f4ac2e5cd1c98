// `virtqueues`: what driver and device make of each ring, and where they contradict each other.
#include <atomic>

#include "kernel/devices/virtio/initialization.hpp"
#include "kernel/devices/virtio/split_queue.hpp"
#include "kernel/tables/table.hpp"

namespace toro::virtio {
namespace {

struct KnownQueue {
  const SplitQueue* queue;
  DeviceType type;
  std::uint16_t index;
};
constexpr std::uint32_t kMostQueues = 128;
constinit KnownQueue known_queues[kMostQueues]{};
constinit std::atomic<std::uint32_t> known_count = 0;

}  // namespace

struct VirtqueueTable {
  static constexpr std::size_t kSize = offsetof(SplitQueue, size_);
  static constexpr std::size_t kFree = offsetof(SplitQueue, free_count_);
  static constexpr std::size_t kPublished = offsetof(SplitQueue, published_);
  static constexpr std::size_t kUsed = offsetof(SplitQueue, used_);
  static constexpr std::size_t kNotified = offsetof(SplitQueue, notified_);
  static constexpr std::size_t kMemory = offsetof(SplitQueue, memory_);
};

/// What initialization.cpp calls where it is there. A queue that is set up again keeps its row.
void queue_is_set_up(Transport& transport, std::uint16_t index, const SplitQueue& queue) {
  const std::uint32_t count = known_count.load();
  for (std::uint32_t i = 0; i < count && i < kMostQueues; ++i)
    if (known_queues[i].queue == &queue) return;
  const std::uint32_t mine = known_count.fetch_add(1);
  if (mine < kMostQueues) known_queues[mine] = {&queue, transport.type(), index};
}

}  // namespace toro::virtio

namespace toro::tables {
namespace {

using virtio::KnownQueue;
using virtio::QueueView;
using virtio::VirtqueueTable;

constexpr std::size_t kQueue = offsetof(KnownQueue, queue);

constexpr Place of_driver(std::size_t offset) {
  return behind(kQueue, offset, 2);
}
constexpr Place kInAvailableRing = behind(kQueue, VirtqueueTable::kMemory + offsetof(QueueView, available),
                                          virtio::kAvailableIndex * sizeof(std::uint16_t), 2);
constexpr Place kInUsedRing =
    behind(kQueue, VirtqueueTable::kMemory + offsetof(QueueView, used), offsetof(virtio::UsedHeader, index), 2);
constexpr Place kPublished = of_driver(VirtqueueTable::kPublished);
constexpr Place kUsed = of_driver(VirtqueueTable::kUsed);

// By number. [virtio 1.2 §5]
constexpr const char* kDevices[] = {"none", "network", "block", "console", "entropy"};

constexpr Check kChecks[] = {
    {.claimed = kInUsedRing, .limit = kPublished, .origin = kUsed, .says = "the device used more than it was given"},
    {.claimed = kInAvailableRing, .limit = kPublished, .origin = {}, .says = "the available index was overwritten"},
};

constexpr Column kColumns[] = {
    {.name = "device", .format = Format::word, .value = at(offsetof(KnownQueue, type), 4), .words = kDevices},
    {.name = "queue", .value = at(offsetof(KnownQueue, index), 2)},
    {.name = "descriptors", .value = of_driver(VirtqueueTable::kSize)},
    {.name = "free", .value = of_driver(VirtqueueTable::kFree)},
    {.name = "available", .value = kPublished},
    {.name = "used", .value = kInUsedRing},
    {.name = "taken back", .value = kUsed},
    {.name = "in flight", .value = kPublished, .minus = kUsed},
    {.name = "last notification", .value = of_driver(VirtqueueTable::kNotified)},
    {.name = "disagreement", .format = Format::checks, .checks = kChecks},
    {.name = "object", .format = Format::hexadecimal, .value = at(kQueue, 8)},
};

constexpr Table kTable{
    .name = "virtqueues",
    .title = "Virtqueues",
    .about = "Every ring; available, used and notification count chains modulo 65536",
    .rows = {.stride = sizeof(KnownQueue),
             .base = virtio::known_queues,
             .count = virtio::kMostQueues,
             .only_where = at(kQueue, 8)},
    .columns = kColumns,
};
TORO_OBJECT_TABLE(kTable);

}  // namespace
}  // namespace toro::tables
