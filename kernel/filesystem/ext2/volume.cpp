// An ext2 volume: mounted, and left in order.
#include "kernel/filesystem/ext2/volume.hpp"

#include "kernel/lib/format.hpp"

namespace toro::filesystem::ext2 {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Result<Superblock> read_superblock(Medium& medium) {
  // Whole sectors, whatever their size is.
  const std::size_t size = medium.sector_size() > 2048 ? medium.sector_size() : 2048;
  if (medium.bytes() < size) return failure(Error::invalid);
  struct Free {
    void operator()(std::byte* block) const { heap::free(block); }
  };
  const std::unique_ptr<std::byte, Free> buffer(static_cast<std::byte*>(heap::allocate(size)));
  if (buffer == nullptr) return failure(Error::no_memory);
  const std::span<std::byte> segment(buffer.get(), size);
  const Transfer transfer{0, {&segment, 1}};
  TRY(medium.transfer(Direction::read, {&transfer, 1}));
  Superblock superblock;
  std::memcpy(&superblock, buffer.get() + kSuperblockOffset, sizeof superblock);
  return superblock;
}

}  // namespace

Result<Volume*> Volume::open(Medium& medium, Access access, std::size_t cache_bytes) {
  const Superblock superblock = TRY(read_superblock(medium));
  const auto layout = check(superblock, medium.bytes(), medium.sector_size());
  if (!layout) {
    if (layout.error() == nullptr) return failure(Error::invalid);
    report(medium.name(), layout.error());
    return failure(Error::not_supported);
  }
  if (medium.is_read_only()) access = Access::read_only;
  if (access == Access::read_write && layout->access == Access::read_only) {
    report(medium.name(), layout->why_read_only);
    access = Access::read_only;
  }
  Owned<Volume> volume(make<Volume>(medium, superblock, *layout, access));
  if (volume == nullptr) return failure(Error::no_memory);
  volume->cache_.reset(make<BlockCache>(medium, layout->block_size, cache_bytes / layout->block_size));
  if (volume->cache_ == nullptr || !volume->cache_->is_made()) return failure(Error::no_memory);
  TRY(volume->read_groups());
  if ((superblock.state & kLeftInOrder) == 0 || (superblock.state & kHasErrors) != 0)
    report(medium.name(), "was not left in order: e2fsck would find out whether it is");
  return volume.release();
}

void Volume::close() {
  Medium& medium = medium_;
  dispose(this);
  medium.close();
}

Result<> Volume::read_groups() {
  TRY(groups_.resize(layout_.groups));
  const std::uint32_t per_block = layout_.block_size / sizeof(GroupDescriptor);
  for (std::uint32_t number = 0; number < layout_.groups; ++number) {
    const auto block = TRY(cache_->read(layout_.first_block + 1 + number / per_block));
    const auto& from = *block.as<GroupDescriptor>(number % per_block * sizeof(GroupDescriptor));
    Group& group = groups_[number];
    group = {from.block_bitmap,
             from.inode_bitmap,
             from.inode_table,
             from.free_blocks,
             from.free_inodes,
             from.directories,
             false};
    if (!layout_.is_possible(group, number)) {
      report(medium_.name(), "has group descriptors that contradict themselves: run e2fsck");
      return failure(Error::damaged);
    }
    free_blocks_ += group.free_blocks;
    free_inodes_ += group.free_inodes;
  }
  return {};
}

Error Volume::damaged(std::string_view where) {
  FixedString<120> why;
  why.print("it is damaged ({}); run e2fsck", where);
  state_.turn_read_only(why.view());
  return Error::damaged;
}

Result<> Volume::begin_change() {
  TRY(state_.begin_change(*cache_));
  if (changed_) return {};
  superblock_.mount_time = static_cast<std::uint32_t>(wall_clock() / kSecond);
  TRY(store_superblock());
  ++superblock_.mounts;
  changed_ = true;
  return {};
}

/// While it is mounted and was changed, the volume is not in order.
Result<> Volume::store_superblock() {
  const auto block = TRY(cache_->read(kSuperblockOffset / layout_.block_size));
  auto& to = *block.as<Superblock>(kSuperblockOffset % layout_.block_size);
  to = superblock_;
  to.state = static_cast<std::uint16_t>(superblock_.state & ~kLeftInOrder);
  to.free_blocks = static_cast<std::uint32_t>(free_blocks_);
  to.free_inodes = static_cast<std::uint32_t>(free_inodes_);
  block.change(Content::metadata);
  return {};
}

Result<> Volume::store_counts() {
  const std::uint32_t per_block = layout_.block_size / sizeof(GroupDescriptor);
  for (std::uint32_t number = 0; number < layout_.groups; ++number) {
    Group& group = groups_[number];
    if (!group.changed) continue;
    const auto block = TRY(cache_->read(layout_.first_block + 1 + number / per_block));
    auto& to = *block.as<GroupDescriptor>(number % per_block * sizeof(GroupDescriptor));
    to.free_blocks = static_cast<std::uint16_t>(group.free_blocks);
    to.free_inodes = static_cast<std::uint16_t>(group.free_inodes);
    to.directories = static_cast<std::uint16_t>(group.directories);
    block.change(Content::metadata);
    group.changed = false;
  }
  superblock_.write_time = static_cast<std::uint32_t>(wall_clock() / kSecond);
  return store_superblock();
}

Result<> Volume::sync() {
  return state_.sync(*cache_, [this] { return store_counts(); });
}

Result<> Volume::finish() {
  TRY(sync());
  if (!changed_ || access() == Access::read_only) return {};
  state_.close();
  if ((superblock_.state & kLeftInOrder) == 0) return {};
  {
    const auto block = TRY(cache_->read(kSuperblockOffset / layout_.block_size));
    block.as<Superblock>(kSuperblockOffset % layout_.block_size)->state = superblock_.state;
    block.change(Content::metadata);
  }
  return cache_->sync();
}

Volume::Place Volume::place_of(std::uint32_t inode) const {
  const std::uint32_t index = (inode - 1) % layout_.inodes_per_group;
  const std::uint32_t offset = index * layout_.inode_size;
  const std::uint32_t block = offset / layout_.block_size;
  return {groups_[(inode - 1) / layout_.inodes_per_group].inode_table + block, offset % layout_.block_size,
          layout_.inode_table_blocks() - block};
}

bool Volume::may_be_data(std::uint32_t block) const {
  if (!layout_.has_block(block)) return false;
  const std::uint32_t number = layout_.group_of_block(block);
  return !layout_.is_metadata(groups_[number], number, block);
}

Result<> Volume::allow_large_file() {
  if (superblock_.revision == 0) return failure(Error::too_large);
  if ((superblock_.read_only_compatible & kLargeFile) != 0) return {};
  superblock_.read_only_compatible |= kLargeFile;
  return store_superblock();
}

}  // namespace toro::filesystem::ext2
