// Directories: entries found, added and removed. [FAT §6]
#pragma once

#include "kernel/filesystem/fat/allocation_table.hpp"
#include "kernel/filesystem/fat/names.hpp"

namespace toro::filesystem::fat {

/// What entries are read and written with.
struct Volume {
  Volume(Medium& medium, Access access, std::size_t cache_bytes) : storage(medium, access, cache_bytes) {}

  Storage storage;
  Geometry geometry{};
  AllocationTable table{storage, geometry};
};

/// One name of a directory. It has `index - first + 1` entries, of which the last, the short name's, is `entry`.
struct Named {
  std::uint32_t first = 0;
  std::uint32_t index = 0;
  std::uint64_t offset = 0;  ///< of `entry` on the medium
  DirectoryEntry entry{};
  LongName long_name;  ///< empty where there is none that belongs to it
};

/// Goes through a directory's entries in order.
class DirectoryReader {
 public:
  static constexpr std::uint32_t kMostEntries = 65536;

  /// `cluster` is a directory's first; 0 is the root directory, of all kinds.
  DirectoryReader(Volume& volume, std::uint32_t cluster);

  /// Goes to an entry by its number.
  void seek(std::uint32_t index);
  /// The next name from here on, but "." and ".."; false at the end.
  [[nodiscard]] Result<bool> next(Named& named);
  /// Counts free entries on the way: set by the first run of so many.
  struct Room {
    std::uint32_t wanted = 0;
    std::uint32_t first = 0;
    std::uint32_t found = 0;
    [[nodiscard]] bool is_enough() const { return found >= wanted; }
  };
  void look_for(Room& room) { room_ = &room; }

  // One entry, and where it lies.
  [[nodiscard]] Result<bool> step(DirectoryEntry& entry);
  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  /// Once the end has been reached: the directory's last cluster, or 0 when it cannot grow.
  [[nodiscard]] std::uint32_t last_cluster() const { return next_ < kMostEntries ? cluster_ : 0; }

 private:
  static constexpr std::size_t kBuffer = 512;

  Volume& volume_;
  std::uint32_t cluster_;  ///< 0: FAT12's and FAT16's root directory
  std::uint32_t first_;
  std::uint32_t index_ = 0;       ///< of the entry that step() gave last
  std::uint64_t offset_ = 0;      ///< of that
  std::uint32_t next_ = 0;        ///< entry that step() gives
  std::uint32_t cluster_at_ = 0;  ///< the first entry of cluster_
  std::uint64_t buffer_at_ = ~std::uint64_t{0};
  Room* room_ = nullptr;
  std::byte buffer_[kBuffer];
};

/// What `directory` has by that name: the long one or the short one. `no_entry`.
[[nodiscard]] Result<> find(Volume& volume, std::uint32_t directory, std::u16string_view name, Named& found);

struct Added {
  std::uint64_t offset = 0;
  DirectoryEntry entry{};
};
/// Adds a name for `entry`, whose short name is chosen here. `exists` unless the name that is there is `replaced`'s (an
/// offset, 0 for none); `no_space`.
[[nodiscard]] Result<Added> add(Volume& volume, std::uint32_t directory, const LongName& name, DirectoryEntry entry,
                                std::uint64_t replaced = 0);
[[nodiscard]] Result<> remove(Volume& volume, std::uint32_t directory, const Named& named);
[[nodiscard]] Result<bool> is_empty(Volume& volume, std::uint32_t directory);

}  // namespace toro::filesystem::fat
