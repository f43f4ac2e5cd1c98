// The file allocation table: which cluster follows which, and which are free. [FAT §4]
#pragma once

#include "kernel/filesystem/fat/geometry.hpp"
#include "kernel/filesystem/fat/storage.hpp"

namespace toro::filesystem::fat {

class AllocationTable {
 public:
  AllocationTable(Storage& storage, const Geometry& geometry) : storage_(storage), geometry_(geometry) {}

  /// Reads the hints.
  [[nodiscard]] Result<> open();

  /// The cluster behind `cluster`; 0 at the end of a chain. `damaged` when something else stands there.
  [[nodiscard]] Result<std::uint32_t> next(std::uint32_t cluster);
  /// Takes a free cluster, behind `previous` where that can be, and makes it the end of `previous`'s chain, or one of
  /// its own when that is 0. Its contents are what they were.
  [[nodiscard]] Result<std::uint32_t> allocate(std::uint32_t previous);
  /// Frees `first` and all behind it. 0 is an empty chain.
  [[nodiscard]] Result<> free(std::uint32_t first);
  /// `last` becomes the end of its chain; what was behind it is freed.
  [[nodiscard]] Result<> cut_behind(std::uint32_t last);

  /// Counted when it is not known.
  [[nodiscard]] Result<std::uint32_t> free_clusters();
  /// Writes the hints.
  [[nodiscard]] Result<> save();

 private:
  [[nodiscard]] Result<std::uint32_t> get(std::uint32_t cluster);
  [[nodiscard]] Result<> set(std::uint32_t cluster, std::uint32_t value);
  [[nodiscard]] Result<std::size_t> load(std::uint32_t cluster);
  [[nodiscard]] std::uint32_t bits() const { return static_cast<std::uint32_t>(geometry_.kind); }
  /// From here on values end a chain.
  [[nodiscard]] std::uint32_t end() const;

  // A whole number of entries of each kind.
  static constexpr std::size_t kWindow = 768;
  static constexpr std::uint32_t kNothing = 0xffffffff;

  Storage& storage_;
  const Geometry& geometry_;
  std::uint32_t free_ = kNothing;  ///< kNothing: not known
  std::uint32_t search_ = 2;       ///< where the next search begins
  bool changed_ = false;           ///< the hints, since they were saved
  std::uint32_t window_at_ = kNothing;
  std::byte window_[kWindow];
};

}  // namespace toro::filesystem::fat
