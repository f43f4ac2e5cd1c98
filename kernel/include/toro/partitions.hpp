// The partitions of a disk, as its partition table (MBR or GPT) has them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "toro/block.hpp"

namespace toro {

/// A range of a disk: sectors `first` to `first + sectors - 1`, all of which the disk has.
struct Partition {
  std::uint32_t number = 0;  ///< as tools count: from 1; logical ones of an MBR from 5
  std::uint64_t first = 0;
  std::uint64_t sectors = 0;
  std::uint8_t mbr_type = 0;                ///< 0 in a GPT
  std::array<std::uint8_t, 16> gpt_type{};  ///< as it lies on the disk; zeros in an MBR
  std::array<char, 36> name_characters{};   ///< of a GPT; what is not ASCII is '?'

  /// Empty in an MBR.
  [[nodiscard]] std::string_view name() const {
    std::size_t size = 0;
    while (size < name_characters.size() && name_characters[size] != '\0') ++size;
    return {name_characters.data(), size};
  }
};

struct PartitionError {
  enum class Reason : std::uint8_t {
    no_table,        ///< neither MBR nor GPT
    disk_error,      ///< see `disk`
    invalid_header,  ///< no GPT header, at either end of the disk, is whole (signature, checksum, sizes)
    invalid_table,   ///< the checksum of a GPT's entries is wrong, or an MBR's extended partitions lead nowhere
    outside,         ///< a partition is not within the disk
    overlapping,     ///< two partitions have sectors in common
    out_of_memory,
  };
  Reason reason{};
  std::optional<BlockError> disk;
};

[[nodiscard]] std::string_view describe(PartitionError::Reason reason);

/// Reads the partition table of `device` and fills `found` with its partitions, in the order of their numbers. Returns
/// how many there are; those that `found` has no room for are counted and not checked. Threads only.
[[nodiscard]] std::expected<std::size_t, PartitionError> partitions(BlockDevice& device, std::span<Partition> found);

}  // namespace toro
