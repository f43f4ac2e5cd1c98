// Partition tables, as bytes that a disk has: MBR and GPT. [UEFI 2.10 §5.2, §5.3]
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/include/toro/partitions.hpp"

namespace toro::block {

/// Where sectors come from. The bytes are trusted in nothing.
struct SectorSource {
  void* context = nullptr;
  bool (*read)(void* context, std::uint64_t sector, std::span<std::byte> to) = nullptr;  ///< one sector; false: failed
  std::uint32_t sector_size = 512;
  std::uint64_t sectors = 0;
};

/// As toro::partitions(). `buffer` holds one sector.
[[nodiscard]] std::expected<std::size_t, PartitionError::Reason> read_partition_table(const SectorSource& disk,
                                                                                      std::span<std::byte> buffer,
                                                                                      std::span<Partition> found);

}  // namespace toro::block
