// Where a FAT filesystem has what.
#include "kernel/filesystem/fat/geometry.hpp"

#include <bit>
#include <cstring>

namespace toro::filesystem::fat {
namespace {

constexpr std::uint32_t kFirstFat16 = 4085;  // clusters: fewer are FAT12 [FAT §3.5]
constexpr std::uint32_t kFirstFat32 = 65525;
constexpr std::uint32_t kMostClusters = 0x0ffffff5;

}  // namespace

std::expected<Geometry, std::string_view> parse(std::span<const std::byte, kBootSectorSize> sector,
                                                std::uint64_t size) {
  const auto no = [](std::string_view why) { return std::unexpected(why); };
  BootSector boot;
  std::memcpy(&boot, sector.data(), sizeof boot);
  const std::uint32_t sector_size = boot.sector_size;
  const std::uint32_t per_cluster = boot.sectors_per_cluster;
  if (sector[kBootSignature] != std::byte{0x55} || sector[kBootSignature + 1] != std::byte{0xaa} || sector_size < 512 ||
      sector_size > 4096 || !std::has_single_bit(sector_size) || !std::has_single_bit(per_cluster) ||
      boot.reserved_sectors == 0 || boot.tables == 0 || boot.tables > 4)
    return no("");

  const bool is_fat32 = boot.table_sectors_16 == 0;
  const std::uint64_t sectors = boot.sectors_16 != 0 ? boot.sectors_16 : boot.sectors_32;
  const std::uint64_t table_sectors = is_fat32 ? boot.table_sectors_32 : boot.table_sectors_16;
  const std::uint64_t root_sectors = (std::uint64_t{boot.root_entries} * kEntrySize + sector_size - 1) / sector_size;
  const std::uint64_t before_data = boot.reserved_sectors + boot.tables * table_sectors + root_sectors;
  if (sectors * sector_size > size) return no("has a FAT filesystem that is larger than itself");
  if (before_data >= sectors) return no("has a FAT filesystem without room for data");
  const std::uint64_t clusters = (sectors - before_data) / per_cluster;
  const Kind kind = is_fat32 ? Kind::fat32 : clusters < kFirstFat16 ? Kind::fat12 : Kind::fat16;
  const std::uint64_t table_bytes = table_sectors * sector_size;
  if (clusters == 0 || clusters > kMostClusters || (!is_fat32 && clusters >= kFirstFat32) ||
      table_bytes * 8 / static_cast<std::uint32_t>(kind) < clusters + 2 || (is_fat32 != (boot.root_entries == 0)))
    return no("has a FAT filesystem whose tables do not fit its clusters");
  if (table_bytes > 0xffffffff) return no("has a FAT filesystem whose tables are too large");

  Geometry geometry{
      .kind = kind,
      .cluster_size = sector_size * per_cluster,
      .clusters = static_cast<std::uint32_t>(clusters),
      .table = std::uint64_t{boot.reserved_sectors} * sector_size,
      .table_size = static_cast<std::uint32_t>(table_bytes),
      .tables = boot.tables,
      .root = (boot.reserved_sectors + boot.tables * table_sectors) * sector_size,
      .root_size = static_cast<std::uint32_t>(boot.root_entries * kEntrySize),
      .data = before_data * sector_size,
  };
  if (!is_fat32) return geometry;
  if (boot.version != 0) return no("has a FAT32 filesystem of an unknown version");
  geometry.root_cluster = boot.root_cluster;
  if (!geometry.is_cluster(boot.root_cluster))
    return no("has a FAT32 filesystem whose root directory lies outside of it");
  if ((boot.flags & 0x80) != 0) {
    const std::uint32_t active = boot.flags & 0xfU;
    if (active >= boot.tables) return no("has a FAT32 filesystem that uses a table which it does not have");
    geometry.table += active * table_bytes;
    geometry.tables = 1;
  }
  if (boot.information_sector != 0 && boot.information_sector < boot.reserved_sectors)
    geometry.information = std::uint64_t{boot.information_sector} * sector_size;
  return geometry;
}

}  // namespace toro::filesystem::fat
