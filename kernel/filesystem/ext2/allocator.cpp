// Which blocks and inodes of a volume are free: a bitmap of each in each group.
#include <bit>

#include "kernel/filesystem/ext2/volume.hpp"

namespace toro::filesystem::ext2 {

namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

/// The first of `count` bits from `from` on that is 0.
std::uint32_t first_zero(const std::uint64_t* words, std::uint32_t count, std::uint32_t from) {
  for (std::uint32_t bit = from; bit < count; bit = (bit | 63) + 1) {
    const std::uint64_t taken = words[bit / 64] | ((std::uint64_t{1} << bit % 64) - 1);
    if (taken == ~std::uint64_t{0}) continue;
    const std::uint32_t found = bit / 64 * 64 + static_cast<std::uint32_t>(std::countr_one(taken));
    return found < count ? found : kNone;
  }
  return kNone;
}

}  // namespace

/// Sets the first bit from `from` on that is 0, or one before it; `no_space` when there is none.
Result<std::uint32_t> Volume::take_bit(std::uint32_t bitmap, std::uint32_t count, std::uint32_t from) {
  const auto block = TRY(cache_->read(bitmap));
  auto* const words = block.as<std::uint64_t>();
  std::uint32_t bit = first_zero(words, count, from);
  if (bit == kNone) bit = first_zero(words, from, 0);
  if (bit == kNone) return failure(Error::no_space);
  words[bit / 64] |= std::uint64_t{1} << bit % 64;
  block.change(Content::metadata);
  return bit;
}

Result<> Volume::clear_bit(std::uint32_t bitmap, std::uint32_t bit, std::string_view where) {
  const auto block = TRY(cache_->read(bitmap));
  auto& word = block.as<std::uint64_t>()[bit / 64];
  const std::uint64_t mask = std::uint64_t{1} << bit % 64;
  if ((word & mask) == 0) return damage(where);
  word &= ~mask;
  block.change(Content::metadata);
  return {};
}

Result<std::uint32_t> Volume::allocate_block(std::uint32_t goal) {
  if (!layout_.has_block(goal)) goal = layout_.first_block;
  const std::uint32_t start = layout_.group_of_block(goal);
  for (std::uint32_t i = 0; i < layout_.groups; ++i) {
    const std::uint32_t number = start + i < layout_.groups ? start + i : start + i - layout_.groups;
    Group& group = groups_[number];
    if (group.free_blocks == 0) continue;
    const std::uint32_t from = i == 0 ? goal - layout_.first_of_group(number) : 0;
    const auto bit = take_bit(group.block_bitmap, layout_.blocks_of_group(number), from);
    if (!bit && bit.error() == Error::no_space) return damage("free blocks are counted wrong");
    if (!bit) return failure(bit.error());
    const std::uint32_t block = layout_.first_of_group(number) + *bit;
    if (layout_.is_metadata(group, number, block)) return damage("a block bitmap");
    --group.free_blocks;
    --free_blocks_;
    group.changed = true;
    return block;
  }
  return failure(Error::no_space);
}

Result<> Volume::free_block(std::uint32_t block) {
  if (!may_be_data(block)) return damage("a block pointer");
  const std::uint32_t number = layout_.group_of_block(block);
  Group& group = groups_[number];
  if (group.free_blocks >= layout_.blocks_of_group(number)) return damage("free blocks are counted wrong");
  TRY(clear_bit(group.block_bitmap, block - layout_.first_of_group(number), "a block that is free is in use"));
  cache_->forget(block);
  ++group.free_blocks;
  ++free_blocks_;
  group.changed = true;
  return {};
}

/// Directories are spread over the volume: to the group with the most free blocks of those that have as many free
/// inodes as is usual; near their parent when all are alike.
std::uint32_t Volume::group_for_directory(std::uint32_t parent) const {
  const std::uint64_t usual = free_inodes_ / layout_.groups;
  std::uint32_t best = kNone;
  for (std::uint32_t i = 0; i < layout_.groups; ++i) {
    const std::uint32_t number = (parent + i) % layout_.groups;
    const Group& group = groups_[number];
    if (group.free_inodes == 0 || group.free_inodes < usual) continue;
    if (best == kNone || group.free_blocks > groups_[best].free_blocks) best = number;
  }
  return best == kNone ? parent : best;
}

Result<std::uint32_t> Volume::allocate_inode(std::uint32_t directory, Purpose purpose) {
  const std::uint32_t parent = (directory - 1) / layout_.inodes_per_group;
  const std::uint32_t start = purpose == Purpose::directory ? group_for_directory(parent) : parent;
  for (std::uint32_t i = 0; i < layout_.groups; ++i) {
    const std::uint32_t number = start + i < layout_.groups ? start + i : start + i - layout_.groups;
    Group& group = groups_[number];
    if (group.free_inodes == 0) continue;
    const auto bit = take_bit(group.inode_bitmap, layout_.inodes_per_group, 0);
    if (!bit && bit.error() == Error::no_space) return damage("free inodes are counted wrong");
    if (!bit) return failure(bit.error());
    const std::uint32_t inode = number * layout_.inodes_per_group + *bit + 1;
    if (inode < layout_.first_inode) return damage("an inode bitmap");
    --group.free_inodes;
    --free_inodes_;
    if (purpose == Purpose::directory) ++group.directories;
    group.changed = true;
    return inode;
  }
  return failure(Error::no_space);
}

Result<> Volume::free_inode(std::uint32_t inode, Purpose purpose) {
  Group& group = groups_[(inode - 1) / layout_.inodes_per_group];
  if (group.free_inodes >= layout_.inodes_per_group) return damage("free inodes are counted wrong");
  if (purpose == Purpose::directory && group.directories == 0) return damage("directories are counted wrong");
  TRY(clear_bit(group.inode_bitmap, (inode - 1) % layout_.inodes_per_group, "an inode that is free is in use"));
  ++group.free_inodes;
  ++free_inodes_;
  if (purpose == Purpose::directory) --group.directories;
  group.changed = true;
  return {};
}

}  // namespace toro::filesystem::ext2
