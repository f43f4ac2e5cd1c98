// What the block device's specification defines: features, configuration, requests. [virtio 1.2 §5.2]
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::virtio {

/// [virtio 1.2 §5.2.3]
enum class BlockFeature : std::uint8_t {
  size_max = 1,
  seg_max = 2,
  read_only = 5,
  block_size = 6,
  flush = 9,
  discard = 13,
  write_zeroes = 14,
};

/// Byte offsets in the configuration. [virtio 1.2 §5.2.4]
enum class BlockField : std::uint32_t {
  capacity_low = 0,  // in kBlockUnit
  capacity_high = 4,
  size_max = 8,
  seg_max = 12,
  block_size = 20,
  max_discard_sectors = 36,
  max_write_zeroes_sectors = 48,
};

/// Sectors of the protocol have this many bytes, whatever the block size. [virtio 1.2 §5.2.6]
inline constexpr std::uint32_t kBlockUnit = 512;

enum class BlockRequestType : std::uint32_t {
  read = 0,
  write = 1,
  flush = 4,
  get_identity = 8,
  discard = 11,
  write_zeroes = 13,
};

/// What a request begins with; its data follow, and a BlockStatus that the device writes.
struct BlockRequestHeader {
  BlockRequestType type{};
  std::uint32_t reserved = 0;
  std::uint64_t sector = 0;
};
static_assert(sizeof(BlockRequestHeader) == 16 && offsetof(BlockRequestHeader, sector) == 8);

/// The data of a discard or write_zeroes.
struct BlockRange {
  std::uint64_t sector = 0;
  std::uint32_t count = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(BlockRange) == 16 && offsetof(BlockRange, count) == 8);

enum class BlockStatus : std::uint8_t { ok = 0, io_error = 1, unsupported = 2 };

/// Bytes of the answer to get_identity: text, ended by a zero where it is shorter.
inline constexpr std::size_t kBlockIdentity = 20;

}  // namespace toro::virtio
