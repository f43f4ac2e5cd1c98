// The partitions of a disk.
#include "kernel/include/toro/partitions.hpp"

#include "kernel/devices/block/partition_table.hpp"
#include "kernel/include/toro/heap.hpp"

namespace toro {

using namespace std::string_view_literals;

std::string_view describe(PartitionError::Reason reason) {
  using enum PartitionError::Reason;
  switch (reason) {
    case no_table:
      return "there is no partition table"sv;
    case disk_error:
      return "the disk cannot be read"sv;
    case invalid_header:
      return "neither GPT header is whole"sv;
    case invalid_table:
      return "the partition table is damaged"sv;
    case outside:
      return "a partition lies outside the disk"sv;
    case overlapping:
      return "two partitions overlap"sv;
    case out_of_memory:
      return "memory is out"sv;
  }
  return "unknown error"sv;
}

std::expected<std::size_t, PartitionError> partitions(BlockDevice& device, std::span<Partition> found) {
  struct Disk {
    BlockDevice& device;
    std::optional<BlockError> error;
  } disk{.device = device, .error = {}};
  const auto read = [](void* context, std::uint64_t sector, std::span<std::byte> to) {
    auto& from = *static_cast<Disk*>(context);
    const auto done = from.device.read(sector, to);
    if (!done) from.error = done.error();
    return done.has_value();
  };
  const std::size_t size = device.sector_size();
  auto* const buffer = static_cast<std::byte*>(heap::allocate(size, size));
  if (buffer == nullptr) return std::unexpected(PartitionError{PartitionError::Reason::out_of_memory, {}});
  const auto count = block::read_partition_table(
      {.context = &disk, .read = read, .sector_size = device.sector_size(), .sectors = device.sectors()},
      {buffer, size}, found);
  heap::free(buffer);
  if (!count) return std::unexpected(PartitionError{count.error(), disk.error});
  return *count;
}

}  // namespace toro
