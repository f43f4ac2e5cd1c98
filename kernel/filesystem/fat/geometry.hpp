// Where a FAT filesystem has what, from its boot sector.
#pragma once

#include <expected>
#include <span>
#include <string_view>

#include "kernel/filesystem/fat/on_disk.hpp"

namespace toro::filesystem::fat {

enum class Kind : std::uint8_t { fat12 = 12, fat16 = 16, fat32 = 32 };

/// Offsets and sizes are bytes.
struct Geometry {
  Kind kind = Kind::fat12;
  std::uint32_t cluster_size = 0;
  std::uint32_t clusters = 0;  ///< their numbers are 2 … clusters + 1
  std::uint64_t table = 0;     ///< the one that is read
  std::uint32_t table_size = 0;
  std::uint32_t tables = 1;        ///< that are written, from `table` on
  std::uint64_t root = 0;          ///< FAT12, FAT16: the root directory
  std::uint32_t root_size = 0;     ///< 0 with FAT32
  std::uint32_t root_cluster = 0;  ///< FAT32
  std::uint64_t data = 0;          ///< of cluster 2
  std::uint64_t information = 0;   ///< FAT32's Information; 0 without

  [[nodiscard]] bool is_cluster(std::uint32_t number) const { return number >= 2 && number - 2 < clusters; }
  [[nodiscard]] std::uint32_t clusters_of(std::uint64_t size) const {
    return static_cast<std::uint32_t>((size + cluster_size - 1) / cluster_size);
  }
  [[nodiscard]] std::uint64_t offset_of(std::uint32_t cluster) const {
    return data + std::uint64_t{cluster - 2} * cluster_size;
  }
};

inline constexpr std::size_t kBootSectorSize = 512;

/// What a boot sector describes, of a medium of `size` bytes; else why it cannot be used, which is empty when there is
/// no FAT filesystem.
[[nodiscard]] std::expected<Geometry, std::string_view> parse(std::span<const std::byte, kBootSectorSize> sector,
                                                              std::uint64_t size);

}  // namespace toro::filesystem::fat
