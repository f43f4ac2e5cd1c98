// An ext2 volume that is mounted: its blocks, its groups, and what may still be done with it.
#pragma once

#include "kernel/filesystem/ext2/layout.hpp"
#include "kernel/filesystem/write_state.hpp"

namespace toro::filesystem::ext2 {

using Block = BlockCache::Reference;

/// One caller at a time.
class Volume {
 public:
  /// `invalid` when there is no ext2 in `medium`; what else is wrong is reported. The medium is the volume's then.
  [[nodiscard]] static Result<Volume*> open(Medium& medium, Access access, std::size_t cache_bytes);
  void close();

  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] BlockCache& cache() { return *cache_; }
  [[nodiscard]] Access access() const { return state_.access(); }
  /// Of an index of names, which lies beside the blocks.
  [[nodiscard]] std::size_t most_index_bytes() const { return cache_->most() * layout_.block_size / 2; }

  /// Before each change of the volume: whether it may be made. `read_only` when not.
  [[nodiscard]] Result<> begin_change();
  /// Says once that the volume contradicts itself; it is only read from then on.
  [[nodiscard]] Error damaged(std::string_view where);
  [[nodiscard]] std::unexpected<Error> damage(std::string_view where) { return failure(damaged(where)); }

  [[nodiscard]] Result<> sync();
  [[nodiscard]] bool has_changes() const { return state_.has_changes(); }
  /// The last sync: the volume is marked as left in order, if it was when it was mounted.
  [[nodiscard]] Result<> finish();

  // allocator.cpp

  /// A block for a file, near `goal`; `no_space`. What it has is left over from others.
  [[nodiscard]] Result<std::uint32_t> allocate_block(std::uint32_t goal);
  [[nodiscard]] Result<> free_block(std::uint32_t block);
  enum class Purpose : std::uint8_t { file, directory };
  /// An inode near that of its directory.
  [[nodiscard]] Result<std::uint32_t> allocate_inode(std::uint32_t directory, Purpose purpose);
  [[nodiscard]] Result<> free_inode(std::uint32_t inode, Purpose purpose);
  [[nodiscard]] std::uint64_t free_blocks() const { return free_blocks_; }
  [[nodiscard]] std::uint64_t free_inodes() const { return free_inodes_; }
  [[nodiscard]] std::uint32_t first_goal(std::uint32_t inode) const {
    return layout_.first_of_group((inode - 1) / layout_.inodes_per_group);
  }

  /// Where the inode lies: the block, and the offset within it.
  struct Place {
    std::uint32_t block;
    std::uint32_t offset;
    std::uint32_t blocks_left;  ///< of the group's table, from `block` on
  };
  [[nodiscard]] Place place_of(std::uint32_t inode) const;
  /// Whether a pointer may name it.
  [[nodiscard]] bool may_be_data(std::uint32_t block) const;
  /// Files of 2 GiB and more are told by a feature; `too_large` where that cannot be.
  [[nodiscard]] Result<> allow_large_file();

 private:
  Volume(Medium& medium, const Superblock& superblock, const Layout& layout, Access access)
      : medium_(medium), superblock_(superblock), layout_(layout), state_(medium, access) {}
  template <class T, class... Arguments>
  friend T* filesystem::make(Arguments&&...);
  template <class T>
  friend void filesystem::dispose(T*);

  [[nodiscard]] Result<> read_groups();
  [[nodiscard]] Result<> store_superblock();
  [[nodiscard]] Result<> store_counts();
  [[nodiscard]] Result<std::uint32_t> take_bit(std::uint32_t bitmap, std::uint32_t count, std::uint32_t from);
  [[nodiscard]] Result<> clear_bit(std::uint32_t bitmap, std::uint32_t bit, std::string_view where);
  [[nodiscard]] std::uint32_t group_for_directory(std::uint32_t parent) const;

  Medium& medium_;
  Superblock superblock_;
  Layout layout_;
  WriteState state_;
  Owned<BlockCache> cache_;
  Array<Group> groups_;
  std::uint64_t free_blocks_ = 0;
  std::uint64_t free_inodes_ = 0;
  bool changed_ = false;  ///< since it was mounted
};

}  // namespace toro::filesystem::ext2
