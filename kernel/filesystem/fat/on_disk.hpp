// FAT's structures as they lie on the medium, little-endian as this machine is. [FAT: Microsoft FAT Specification 2005]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace toro::filesystem::fat {

/// What all three kinds have at the beginning. [FAT §3.1]
struct [[gnu::packed]] BootSector {
  std::uint8_t jump[3];
  char system[8];
  std::uint16_t sector_size;
  std::uint8_t sectors_per_cluster;
  std::uint16_t reserved_sectors;
  std::uint8_t tables;
  std::uint16_t root_entries;
  std::uint16_t sectors_16;
  std::uint8_t media;
  std::uint16_t table_sectors_16;
  std::uint16_t sectors_per_track;
  std::uint16_t heads;
  std::uint32_t hidden_sectors;
  std::uint32_t sectors_32;
  // FAT32 only: [FAT §3.3]
  std::uint32_t table_sectors_32;
  std::uint16_t flags;  ///< bit 7: only the table of bits 0..3 is used
  std::uint16_t version;
  std::uint32_t root_cluster;
  std::uint16_t information_sector;
};
static_assert(sizeof(BootSector) == 50 && offsetof(BootSector, table_sectors_32) == 36);

inline constexpr std::size_t kBootSignature = 510;  ///< 0x55 0xaa

/// Counts that save a search: hints. [FAT §5]
struct Information {
  std::uint32_t lead;
  std::uint8_t reserved[480];
  std::uint32_t structure;
  std::uint32_t free_clusters;
  std::uint32_t next_free;

  static constexpr std::uint32_t kLead = 0x41615252;
  static constexpr std::uint32_t kStructure = 0x61417272;
  static constexpr std::uint32_t kUnknown = 0xffffffff;
};
static_assert(sizeof(Information) == 496 && offsetof(Information, structure) == 484);

namespace attribute {
inline constexpr std::uint8_t kReadOnly = 0x01;
inline constexpr std::uint8_t kVolume = 0x08;
inline constexpr std::uint8_t kDirectory = 0x10;
inline constexpr std::uint8_t kArchive = 0x20;
inline constexpr std::uint8_t kLongName = 0x0f;
inline constexpr std::uint8_t kLongNameMask = 0x3f;
}  // namespace attribute

/// [FAT §6]
struct DirectoryEntry {
  std::array<std::uint8_t, 11> name;
  std::uint8_t attributes;
  std::uint8_t lower_case;  ///< Windows NT: 8 the name, 16 the extension
  std::uint8_t created_hundredths;
  std::uint16_t created_time;
  std::uint16_t created_date;
  std::uint16_t accessed_date;
  std::uint16_t cluster_high;
  std::uint16_t modified_time;
  std::uint16_t modified_date;
  std::uint16_t cluster_low;
  std::uint32_t size;

  static constexpr std::uint8_t kEnd = 0;  ///< name[0] of the first entry that was never used
  static constexpr std::uint8_t kFree = 0xe5;
  static constexpr std::uint8_t kKanjiE5 = 0x05;  ///< name[0] where the name begins with 0xe5

  [[nodiscard]] std::uint32_t cluster() const { return std::uint32_t{cluster_high} << 16 | cluster_low; }
  void set_cluster(std::uint32_t cluster) {
    cluster_high = static_cast<std::uint16_t>(cluster >> 16);
    cluster_low = static_cast<std::uint16_t>(cluster);
  }
  [[nodiscard]] bool is_long_name() const { return (attributes & attribute::kLongNameMask) == attribute::kLongName; }
  [[nodiscard]] bool is_directory() const { return (attributes & attribute::kDirectory) != 0; }
};
static_assert(sizeof(DirectoryEntry) == 32 && offsetof(DirectoryEntry, size) == 28);

/// 13 characters of a long name; the last ones come first. [FAT §7]
struct [[gnu::packed]] LongNameEntry {
  std::uint8_t order;  ///< from 1 on; kLast marks the one that comes first
  std::uint16_t first[5];
  std::uint8_t attributes;
  std::uint8_t type;
  std::uint8_t checksum;  ///< of the short name that follows
  std::uint16_t second[6];
  std::uint16_t cluster;
  std::uint16_t third[2];

  static constexpr std::uint8_t kLast = 0x40;
  static constexpr std::size_t kUnits = 13;
};
static_assert(sizeof(LongNameEntry) == 32 && offsetof(LongNameEntry, third) == 28);

inline constexpr std::size_t kEntrySize = 32;

}  // namespace toro::filesystem::fat
