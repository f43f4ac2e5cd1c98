// What a superblock says of a volume, checked.
#include "kernel/filesystem/ext2/layout.hpp"

#include <bit>

namespace toro::filesystem::ext2 {
namespace {

bool is_power_of(std::uint32_t number, std::uint32_t base) {
  while (number % base == 0) number /= base;
  return number == 1;
}

bool is_in(std::uint32_t block, std::uint32_t first, std::uint32_t count) {
  return block >= first && block - first < count;
}

Refusal refusal_of_features(std::uint32_t incompatible) {
  if ((incompatible & kRecover) != 0) return "has a journal that was not replayed: run e2fsck, or mount it on Linux";
  if ((incompatible & (kExtents | k64Bit | kFlexibleGroups)) != 0)
    return "is ext4, which is not supported: ext2 is, as mke2fs -t ext2 makes it";
  if ((incompatible & ~std::uint32_t{kFileType}) != 0) return "has features of ext2 or ext4 that are not supported";
  return nullptr;
}

}  // namespace

std::uint32_t Layout::copies_in_group(std::uint32_t group) const {
  if (group != 0 && only_first) return 0;
  if (group > 1 && sparse && !is_power_of(group, 3) && !is_power_of(group, 5) && !is_power_of(group, 7)) return 0;
  return 1 + descriptor_blocks + reserved_descriptor_blocks;
}

bool Layout::is_metadata(const Group& group, std::uint32_t number, std::uint32_t block) const {
  return is_in(block, first_of_group(number), copies_in_group(number)) || block == group.block_bitmap ||
         block == group.inode_bitmap || is_in(block, group.inode_table, inode_table_blocks());
}

bool Layout::is_possible(const Group& group, std::uint32_t number) const {
  const std::uint32_t first = first_of_group(number);
  const std::uint32_t copies = copies_in_group(number);
  const std::uint32_t count = blocks_of_group(number);
  const std::uint32_t table = inode_table_blocks();
  if (copies >= count) return false;
  const auto has = [&](std::uint32_t block) { return is_in(block, first + copies, count - copies); };
  return has(group.block_bitmap) && has(group.inode_bitmap) && has(group.inode_table) && table <= count &&
         has(group.inode_table + table - 1) && group.block_bitmap != group.inode_bitmap &&
         !is_in(group.block_bitmap, group.inode_table, table) && !is_in(group.inode_bitmap, group.inode_table, table) &&
         group.free_blocks <= count && group.free_inodes <= inodes_per_group && group.directories <= inodes_per_group;
}

std::uint64_t Layout::most_bytes() const {
  const std::uint64_t pointers = pointers_per_block();
  const std::uint64_t reached = kDirectPointers + pointers + pointers * pointers + pointers * pointers * pointers;
  const std::uint64_t counted = std::uint64_t{UINT32_MAX} / (block_size / 512);
  const std::uint64_t with_pointers = counted - counted / pointers - counted / (pointers * pointers) - 4;
  return (reached < with_pointers ? reached : with_pointers) * block_size;
}

std::expected<Layout, Refusal> check(const Superblock& of, std::uint64_t medium_bytes, std::uint32_t sector_size) {
  constexpr std::uint32_t kLargestLog = 2;
  constexpr Refusal kDamaged = "has a superblock that contradicts itself: run e2fsck";
  if (of.magic != kMagic) return std::unexpected(nullptr);
  if (of.revision > 1) return std::unexpected("has a revision of ext2 that is not supported");
  const bool dynamic = of.revision == 1;
  const std::uint32_t incompatible = dynamic ? of.incompatible : 0;
  const std::uint32_t read_only_compatible = dynamic ? of.read_only_compatible : 0;
  const std::uint32_t compatible = dynamic ? of.compatible : 0;
  if (const Refusal refusal = refusal_of_features(incompatible)) return std::unexpected(refusal);
  if (of.log_block_size > kLargestLog) return std::unexpected("has blocks of another size than 1, 2 or 4 KiB");

  Layout layout;
  layout.block_size = 1024U << of.log_block_size;
  if (sector_size > layout.block_size) return std::unexpected("has blocks that are smaller than the disk's sectors");
  layout.blocks = of.blocks;
  layout.first_block = of.first_data_block;
  layout.blocks_per_group = of.blocks_per_group;
  layout.inodes = of.inodes;
  layout.inodes_per_group = of.inodes_per_group;
  layout.inode_size = dynamic ? of.inode_size : kShortestInode;
  layout.first_inode = dynamic ? of.first_inode : kFirstInodeOfRevision0;
  layout.sparse = (read_only_compatible & kSparseSuper) != 0;
  layout.only_first = (compatible & kSparseSuper2) != 0;
  layout.entry_types = (incompatible & kFileType) != 0;
  if ((compatible & kResizeInode) != 0) layout.reserved_descriptor_blocks = of.reserved_descriptors;
  if ((read_only_compatible & ~std::uint32_t{kSparseSuper | kLargeFile}) != 0) {
    layout.access = Access::read_only;
    layout.why_read_only = "has features that allow reading only";
  }

  const std::uint32_t bits = 8 * layout.block_size;
  if (layout.first_block != (of.log_block_size == 0 ? 1U : 0U) || layout.blocks <= layout.first_block)
    return std::unexpected(kDamaged);
  if (std::uint64_t{layout.blocks} * layout.block_size > medium_bytes)
    return std::unexpected("is larger than the disk that it is on");
  if (layout.blocks_per_group == 0 || layout.blocks_per_group > bits || layout.blocks_per_group % 8 != 0)
    return std::unexpected(kDamaged);
  if (!std::has_single_bit(layout.inode_size) || layout.inode_size < kShortestInode ||
      layout.inode_size > layout.block_size || layout.first_inode < kFirstInodeOfRevision0)
    return std::unexpected(kDamaged);
  if (layout.inodes_per_group == 0 || layout.inodes_per_group > bits) return std::unexpected(kDamaged);
  layout.groups = (layout.blocks - layout.first_block - 1) / layout.blocks_per_group + 1;
  const std::uint32_t descriptors_per_block = layout.block_size / sizeof(GroupDescriptor);
  layout.descriptor_blocks = (layout.groups - 1) / descriptors_per_block + 1;
  if (std::uint64_t{layout.groups} * layout.inodes_per_group != layout.inodes ||
      layout.first_inode > layout.inodes_per_group)
    return std::unexpected(kDamaged);
  if (layout.copies_in_group(0) >= layout.blocks_of_group(0)) return std::unexpected(kDamaged);
  return layout;
}

}  // namespace toro::filesystem::ext2
