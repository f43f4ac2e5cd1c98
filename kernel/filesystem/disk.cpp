// A block device as what a filesystem lies on.
#include "kernel/filesystem/disk.hpp"

#include <algorithm>
#include <array>

#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/filesystem/array.hpp"

namespace toro::filesystem {
namespace {

// By the device's place among block_devices().
constexpr std::size_t kMostDisks = 32;
constinit arch::SpinLock lock;
constinit bool in_use[kMostDisks]{};

/// An identity is a serial number, with the model before it where the driver tells that.
bool is_of(const BlockDevice& disk, std::string_view source) {
  const std::string_view identity = disk.identity();
  if (source.empty()) return false;
  if (disk.name() == source || identity == source) return true;
  return identity.ends_with(source) && identity[identity.size() - source.size() - 1] == ' ';
}

/// Null when there is none.
BlockDevice* const* find(std::string_view source) {
  for (BlockDevice* const& disk : block_devices())
    if (is_of(*disk, source)) return &disk;
  return nullptr;
}

bool& use_of(BlockDevice* const* disk) {
  return in_use[disk - block_devices().data()];
}

}  // namespace

Result<Medium*> Disk::open(std::string_view source) {
  BlockDevice* const* const device = find(source);
  if (device == nullptr) return failure(Error::no_device);
  Owned<Disk> disk(make<Disk>(**device));
  if (disk == nullptr) return failure(Error::no_memory);
  const arch::SpinLockGuard guard(lock);
  if (std::exchange(use_of(device), true)) return failure(Error::busy);
  return disk.release();
}

void Disk::close() {
  {
    const arch::SpinLockGuard guard(lock);
    use_of(find(device_.name())) = false;
  }
  dispose(this);
}

std::string_view Disk::name() const {
  return device_.identity().empty() ? device_.name() : device_.identity();
}

Result<> Disk::transfer(Direction direction, std::span<const Transfer> transfers) {
  std::array<BlockRequest, kMostTransfers> requests;
  std::array<BlockRequest*, kMostTransfers> all;
  BlockCompletions completions;
  const std::size_t count = std::min(transfers.size(), requests.size());
  for (std::size_t i = 0; i < count; ++i) {
    requests[i].operation = direction == Direction::read ? BlockOperation::read : BlockOperation::write;
    requests[i].sector = transfers[i].offset / device_.sector_size();
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
