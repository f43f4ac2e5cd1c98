// Boot record and size of a disk.
#include "sdk/cli/image/disk.hpp"

#include <algorithm>
#include <format>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {

BootRecord make_boot_record(std::string_view loader, std::uint32_t partition_sectors) {
  BootRecord record;
  if (loader.size() < record.code.size())
    throw Failure(
        std::format("GRUB's boot.img was expected to have {} bytes and has {}", sizeof(BootRecord), loader.size()));
  std::ranges::copy(loader.substr(0, record.code.size()), record.code.begin());
  const PartitionEntry none{.active = 0, .first_chs = {}, .type = 0, .last_chs = {}, .first_sector = 0};
  record.partitions = {PartitionEntry{.sectors = partition_sectors}, none, none, none};
  return record;
}

std::uint32_t partition_sectors_for(std::uintmax_t bytes) {
  constexpr std::uintmax_t kMib = std::uintmax_t{1} << 20;
  constexpr std::uintmax_t kSmallest = 40 * kMib;
  constexpr std::uintmax_t kSlack = 4 * kMib;                 // FAT, folders, last clusters
  const auto mib = (bytes + bytes / 32 + kSlack) / kMib + 1;  // two FATs take 8 bytes of each 512
  return static_cast<std::uint32_t>(std::max(kSmallest, mib * kMib) / kSectorSize);
}

}  // namespace toro::cli
