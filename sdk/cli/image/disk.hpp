// A disk that a BIOS boots: boot record, GRUB's core behind it, one partition. [UEFI 2.10 §5.2]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace toro::cli {

inline constexpr std::size_t kSectorSize = 512;
/// Where the partition begins; GRUB's core lies before it, from the second sector on.
inline constexpr std::size_t kPartitionOffset = std::size_t{1} << 20;
inline constexpr std::size_t kLargestCore = kPartitionOffset - kSectorSize;

/// An entry of the boot record's table. Cylinders, heads and sectors say: see the other fields.
struct [[gnu::packed]] PartitionEntry {
  std::uint8_t active = 0x80;
  std::array<std::uint8_t, 3> first_chs{0xfe, 0xff, 0xff};
  std::uint8_t type = 0xef;  ///< an EFI system partition
  std::array<std::uint8_t, 3> last_chs{0xfe, 0xff, 0xff};
  std::uint32_t first_sector = kPartitionOffset / kSectorSize;
  std::uint32_t sectors = 0;
};
static_assert(sizeof(PartitionEntry) == 16 && offsetof(PartitionEntry, type) == 4 &&
              offsetof(PartitionEntry, first_sector) == 8);

struct [[gnu::packed]] BootRecord {
  std::array<char, 446> code{};
  std::array<PartitionEntry, 4> partitions{};
  std::uint16_t signature = 0xaa55;
};
static_assert(sizeof(BootRecord) == kSectorSize && offsetof(BootRecord, signature) == 510);

/// `loader`: GRUB's boot.img, which reads its core from the second sector. Throws Failure where it is too short.
[[nodiscard]] BootRecord make_boot_record(std::string_view loader, std::uint32_t partition_sectors);

/// Sectors of a FAT32 partition with room for so many bytes in a few files. FAT32 has 65,525 clusters at least; here
/// each is a sector.
[[nodiscard]] std::uint32_t partition_sectors_for(std::uintmax_t bytes);

}  // namespace toro::cli
