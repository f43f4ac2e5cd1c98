// A block device, or a partition of one, as what a filesystem lies on.
#include "kernel/filesystem/disk.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "kernel/filesystem/filesystem.hpp"
#include "kernel/include/toro/partitions.hpp"

namespace toro::filesystem {
namespace {

/// An identity is a serial number, with the model before it where the driver tells that.
bool is_of(const BlockDevice& disk, std::string_view source) {
  const std::string_view identity = disk.identity();
  if (source.empty()) return false;
  if (disk.name() == source || identity == source) return true;
  return identity.ends_with(source) && identity[identity.size() - source.size() - 1] == ' ';
}

BlockDevice* find(std::string_view source) {
  for (BlockDevice* disk : block_devices())
    if (is_of(*disk, source)) return disk;
  return nullptr;
}

struct Place {
  BlockDevice* device = nullptr;
  std::uint64_t first = 0;  ///< sectors
  std::uint64_t sectors = 0;
};

/// "disk0p1": the partition of that number. What is wrong with the disk's table is reported.
Result<Place> find_partition(std::string_view source) {
  constexpr std::size_t kMostPartitions = 128;
  const std::size_t p = source.rfind('p');
  if (p == std::string_view::npos) return failure(Error::no_device);
  BlockDevice* const device = find(source.substr(0, p));
  std::uint32_t number = 0;
  const char* const end = source.data() + source.size();
  const auto parsed = std::from_chars(source.data() + p + 1, end, number);
  if (device == nullptr || parsed.ec != std::errc() || parsed.ptr != end) return failure(Error::no_device);
  Array<Partition> found;
  TRY(found.resize(kMostPartitions));
  const auto count = partitions(*device, found.span());
  if (!count) {
    report(source.substr(0, p), describe(count.error().reason));
    return failure(Error::no_device);
  }
  for (const Partition& partition : found.span().first(std::min(*count, found.size())))
    if (partition.number == number) return Place{device, partition.first, partition.sectors};
  return failure(Error::no_device);
}

}  // namespace

constinit arch::SpinLock Disk::lock;
constinit Disk* Disk::opened = nullptr;

Result<Medium*> Disk::open(std::string_view source) {
  Place place;
  if (BlockDevice* const whole = find(source); whole != nullptr)
    place = {whole, 0, whole->sectors()};
  else
    place = TRY(find_partition(source));
  Owned<Disk> disk(make<Disk>(*place.device, place.first, place.sectors, TRY(Text::copy(source))));
  if (disk == nullptr) return failure(Error::no_memory);
  const arch::SpinLockGuard guard(lock);
  for (const Disk* other = opened; other != nullptr; other = other->next_)
    if (other->overlaps(*disk)) return failure(Error::busy);
  disk->next_ = std::exchange(opened, disk.get());
  return disk.release();
}

void Disk::close() {
  {
    const arch::SpinLockGuard guard(lock);
    Disk** at = &opened;
    while (*at != this) at = &(*at)->next_;
    *at = next_;
  }
  dispose(this);
}

Result<> Disk::transfer(Direction direction, std::span<const Transfer> transfers) {
  std::array<BlockRequest, kMostTransfers> requests;
  std::array<BlockRequest*, kMostTransfers> all;
  BlockCompletions completions;
  const std::size_t count = std::min(transfers.size(), requests.size());
  for (std::size_t i = 0; i < count; ++i) {
    requests[i].operation = direction == Direction::read ? BlockOperation::read : BlockOperation::write;
    requests[i].sector = first_ + transfers[i].offset / device_.sector_size();
    requests[i].data = transfers[i].segments;
    requests[i].completions = &completions;
    all[i] = &requests[i];
  }
  device_.submit(std::span<BlockRequest* const>(all).first(count));
  bool failed = false;
  for (std::size_t i = 0; i < count; ++i) failed |= !completions.wait().result;
  if (failed) return failure(Error::io_error);
  return {};
}

Result<> Disk::flush() {
  if (!device_.flush()) return failure(Error::io_error);
  return {};
}

}  // namespace toro::filesystem
