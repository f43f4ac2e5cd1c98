// The file allocation table.
#include "kernel/filesystem/fat/allocation_table.hpp"

#include <algorithm>
#include <cstring>

namespace toro::filesystem::fat {

std::uint32_t AllocationTable::end() const {
  return geometry_.kind == Kind::fat12 ? 0xff8 : geometry_.kind == Kind::fat16 ? 0xfff8 : 0x0ffffff8;
}

Result<> AllocationTable::open() {
  if (geometry_.information == 0) return {};
  auto information = TRY(storage_.read<Information>(geometry_.information));
  if (information.lead != Information::kLead || information.structure != Information::kStructure) return {};
  // Whoever says that nothing is free is not believed.
  if (information.free_clusters != 0 && information.free_clusters <= geometry_.clusters)
    free_ = information.free_clusters;
  if (geometry_.is_cluster(information.next_free)) search_ = information.next_free;
  return {};
}

Result<> AllocationTable::save() {
  if (!changed_ || geometry_.information == 0) return {};
  auto information = TRY(storage_.read<Information>(geometry_.information));
  if (information.lead != Information::kLead || information.structure != Information::kStructure) return {};
  information.free_clusters = free_;
  information.next_free = search_;
  TRY(storage_.write(geometry_.information, information));
  changed_ = false;
  return {};
}

/// Where in the window the cluster's entry begins.
Result<std::size_t> AllocationTable::load(std::uint32_t cluster) {
  const std::uint32_t at = static_cast<std::uint32_t>(std::uint64_t{cluster} * bits() / 8);
  const std::uint32_t window = at / kWindow * kWindow;
  if (window != window_at_) {
    window_at_ = kNothing;
    const std::size_t size = std::min<std::size_t>(kWindow, geometry_.table_size - window);
    TRY(storage_.read(geometry_.table + window, std::span(window_).first(size)));
    window_at_ = window;
  }
  return at - window;
}

Result<std::uint32_t> AllocationTable::get(std::uint32_t cluster) {
  const std::size_t at = TRY(load(cluster));
  std::uint32_t value = 0;
  std::memcpy(&value, window_ + at, (bits() + 7) / 8);
  if (geometry_.kind == Kind::fat12) return (cluster & 1) != 0 ? value >> 4 : value & 0xfff;
  return value & 0x0fffffff;
}

Result<> AllocationTable::set(std::uint32_t cluster, std::uint32_t value) {
  const std::size_t at = TRY(load(cluster));
  const std::size_t size = (bits() + 7) / 8;
  std::uint32_t old = 0;
  std::memcpy(&old, window_ + at, size);
  if (geometry_.kind == Kind::fat12) value = (cluster & 1) != 0 ? (old & 0xf) | value << 4 : (old & 0xf000) | value;
  if (geometry_.kind == Kind::fat32) value |= old & 0xf0000000;
  std::memcpy(window_ + at, &value, size);
  for (std::uint32_t table = 0; table < geometry_.tables; ++table) {
    const std::uint64_t offset = geometry_.table + std::uint64_t{table} * geometry_.table_size + window_at_ + at;
    TRY(storage_.write(offset, std::span(window_).subspan(at, size), Content::metadata));
  }
  return {};
}

Result<std::uint32_t> AllocationTable::next(std::uint32_t cluster) {
  if (!geometry_.is_cluster(cluster)) return storage_.damage();
  const std::uint32_t value = TRY(get(cluster));
  if (value >= end()) return 0U;
  return geometry_.is_cluster(value) ? Result<std::uint32_t>(value) : storage_.damage();
}

Result<std::uint32_t> AllocationTable::allocate(std::uint32_t previous) {
  if (free_ == 0) return failure(Error::no_space);
  std::uint32_t cluster = geometry_.is_cluster(previous + 1) ? previous + 1 : search_;
  std::uint32_t left = geometry_.clusters;
  // One try behind the previous one, then from where the last search ended.
  if (cluster != search_ && TRY(get(cluster)) != 0) cluster = search_;
  for (; left != 0 && TRY(get(cluster)) != 0; --left) cluster = geometry_.is_cluster(cluster + 1) ? cluster + 1 : 2;
  if (left == 0) {
    free_ = 0;
    changed_ = true;
    return failure(Error::no_space);
  }
  TRY(set(cluster, end() | 7));
  if (previous != 0) TRY(set(previous, cluster));
  search_ = geometry_.is_cluster(cluster + 1) ? cluster + 1 : 2;
  if (free_ != kNothing) --free_;
  changed_ = true;
  return cluster;
}

Result<> AllocationTable::free(std::uint32_t cluster) {
  while (cluster != 0) {
    const std::uint32_t behind = TRY(next(cluster));
    TRY(set(cluster, 0));
    if (free_ != kNothing) ++free_;
    changed_ = true;
    cluster = behind;
  }
  return {};
}

Result<> AllocationTable::cut_behind(std::uint32_t last) {
  const std::uint32_t behind = TRY(next(last));
  if (behind == 0) return {};
  TRY(set(last, end() | 7));
  return free(behind);
}

Result<std::uint32_t> AllocationTable::free_clusters() {
  if (free_ != kNothing) return free_;
  std::uint32_t count = 0;
  for (std::uint32_t cluster = 2; geometry_.is_cluster(cluster); ++cluster) count += TRY(get(cluster)) == 0 ? 1 : 0;
  changed_ = true;
  return free_ = count;
}

}  // namespace toro::filesystem::fat
