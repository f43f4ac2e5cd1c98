// Bytes of a medium through a cache.
#include "kernel/filesystem/fat/storage.hpp"

#include <algorithm>
#include <bit>

namespace toro::filesystem::fat {
namespace {

constexpr std::uint64_t kMostBlockSize = 4096;

/// Clusters are not aligned to anything but sectors, and the medium's end may be nothing better.
std::uint32_t block_size_of(const Medium& medium) {
  const auto aligned = std::uint64_t{1} << std::countr_zero(medium.bytes() | kMostBlockSize);
  return std::max(medium.sector_size(), static_cast<std::uint32_t>(aligned));
}

}  // namespace

Storage::Storage(Medium& medium, Access access, std::size_t cache_bytes)
    : medium_(medium),
      state_(medium, access),
      block_size_(block_size_of(medium)),
      cache_(medium, block_size_, cache_bytes / block_size_) {}

Result<> Storage::read(std::uint64_t offset, std::span<std::byte> to) {
  if (!is_within(offset, to.size())) return damage();
  while (!to.empty()) {
    const std::uint64_t number = offset / block_size_;
    const std::size_t at = offset % block_size_;
    const std::size_t size = std::min<std::size_t>(to.size(), block_size_ - at);
    if (size < to.size()) read_ahead(offset, to.size());
    const auto block = TRY(cache_.read(number));
    std::memcpy(to.data(), block.data() + at, size);
    to = to.subspan(size);
    offset += size;
  }
  return {};
}

void Storage::read_ahead(std::uint64_t offset, std::size_t size) {
  const std::uint64_t first = offset / block_size_;
  if (is_within(offset, size) && size != 0 && !cache_.has(first))
    cache_.read_ahead(first, static_cast<std::size_t>((offset + size - 1) / block_size_ - first + 1));
}

Result<> Storage::write(std::uint64_t offset, std::span<const std::byte> from, Content content) {
  if (!is_within(offset, from.size())) return damage();
  while (!from.empty()) {
    const std::uint64_t number = offset / block_size_;
    const std::size_t at = offset % block_size_;
    const std::size_t size = std::min<std::size_t>(from.size(), block_size_ - at);
    const auto block = size == block_size_ ? TRY(cache_.to_overwrite(number)) : TRY(cache_.read(number));
    std::memcpy(block.data() + at, from.data(), size);
    block.change(content);
    from = from.subspan(size);
    offset += size;
  }
  // Half of the cache stays for what is read. What cannot be written is told by the next sync.
  if (cache_.changed() > cache_.most() / 2) static_cast<void>(cache_.write_back());
  return {};
}

Result<> Storage::write_zeros(std::uint64_t offset, std::uint64_t size, Content content) {
  static constexpr std::byte kZeros[kMostBlockSize] = {};
  while (size != 0) {
    const auto part = static_cast<std::size_t>(std::min(size, kMostBlockSize - offset % kMostBlockSize));
    TRY(write(offset, std::span(kZeros).first(part), content));
    offset += part;
    size -= part;
  }
  return {};
}

std::unexpected<Error> Storage::damage() {
  state_.turn_read_only("it is damaged; run fsck.fat");
  return failure(Error::damaged);
}

}  // namespace toro::filesystem::fat
