// What a superblock says of a volume, checked: where groups are, and what is where in them. Pure.
#pragma once

#include <expected>
#include <string_view>

#include "kernel/filesystem/ext2/format.hpp"
#include "kernel/filesystem/kinds.hpp"

namespace toro::filesystem::ext2 {

/// A group's descriptor, checked and kept.
struct Group {
  std::uint32_t block_bitmap;
  std::uint32_t inode_bitmap;
  std::uint32_t inode_table;
  std::uint32_t free_blocks;
  std::uint32_t free_inodes;
  std::uint32_t directories;
  bool changed;
};

struct Layout {
  std::uint32_t block_size = 0;
  std::uint32_t blocks = 0;
  std::uint32_t first_block = 0;
  std::uint32_t blocks_per_group = 0;
  std::uint32_t inodes = 0;
  std::uint32_t inodes_per_group = 0;
  std::uint32_t inode_size = 0;
  std::uint32_t first_inode = 0;
  std::uint32_t groups = 0;
  std::uint32_t descriptor_blocks = 0;
  std::uint32_t reserved_descriptor_blocks = 0;
  bool sparse = false;       ///< not each group has a copy of the superblock
  bool only_first = false;   ///< or none of the others must have one
  bool entry_types = false;  ///< directory entries tell the type
  Access access = Access::read_write;
  std::string_view why_read_only{};

  [[nodiscard]] std::uint32_t group_of_block(std::uint32_t block) const {
    return (block - first_block) / blocks_per_group;
  }
  [[nodiscard]] std::uint32_t first_of_group(std::uint32_t group) const {
    return first_block + group * blocks_per_group;
  }
  [[nodiscard]] std::uint32_t blocks_of_group(std::uint32_t group) const {
    const std::uint32_t left = blocks - first_of_group(group);
    return left < blocks_per_group ? left : blocks_per_group;
  }
  [[nodiscard]] std::uint32_t inode_table_blocks() const {
    return (inodes_per_group * inode_size + block_size - 1) / block_size;
  }
  [[nodiscard]] std::uint32_t pointers_per_block() const { return block_size / sizeof(std::uint32_t); }
  [[nodiscard]] bool has_block(std::uint32_t block) const { return block >= first_block && block < blocks; }
  [[nodiscard]] bool may_be_file(std::uint32_t inode) const {
    return inode == kRootInode || (inode >= first_inode && inode <= inodes);
  }
  /// Copies of superblock and descriptors, and room for more of these.
  [[nodiscard]] std::uint32_t copies_in_group(std::uint32_t group) const;
  /// Whether the block is the filesystem's own, no file's.
  [[nodiscard]] bool is_metadata(const Group& group, std::uint32_t number, std::uint32_t block) const;
  /// Whether a group's descriptor can be true.
  [[nodiscard]] bool is_possible(const Group& group, std::uint32_t number) const;
  /// The size that a file can have, in bytes: pointers reach so far, and the count of its sectors.
  [[nodiscard]] std::uint64_t most_bytes() const;
};

/// Why there is no layout; null: it is not ext2 at all.
using Refusal = const char*;
[[nodiscard]] std::expected<Layout, Refusal> check(const Superblock& superblock, std::uint64_t medium_bytes,
                                                   std::uint32_t sector_size);

}  // namespace toro::filesystem::ext2
