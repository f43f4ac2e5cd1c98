// Where the blocks of a file lie: twelve pointers in the inode, and trees of pointers up to three levels deep.
#pragma once

#include "kernel/filesystem/ext2/inodes.hpp"

namespace toro::filesystem::ext2 {

class BlockMap {
 public:
  BlockMap(Volume& volume, Item& item) : volume_(volume), item_(item) {}

  /// The block that has the file's `index`-th; 0 where nothing was written.
  [[nodiscard]] Result<std::uint32_t> find(std::uint64_t index);

  /// What is there, or nothing; up to `ahead` blocks of the file that lie behind it on the disk are read with it.
  [[nodiscard]] Result<std::optional<Block>> read(std::uint64_t index, std::uint32_t ahead);

  struct Placed {
    std::uint32_t block;
    bool is_new;  ///< what it has is left over from others
  };
  /// The same; one is allocated where there is none. The caller stores the inode, also after an error.
  [[nodiscard]] Result<Placed> place(std::uint64_t index);

  /// Frees all blocks from the `first`-th on. The caller stores the inode, also after an error.
  [[nodiscard]] Result<> cut(std::uint64_t first);

 private:
  /// The way to a block: a pointer of the inode, and then one in each block of pointers.
  struct Way {
    std::uint32_t levels;  ///< blocks of pointers that are passed
    std::uint32_t root;    ///< of the inode's pointers
    std::uint32_t slots[3];
  };
  [[nodiscard]] Result<Way> way_to(std::uint64_t index) const;
  [[nodiscard]] Result<std::uint32_t> allocate();
  [[nodiscard]] Result<> free_one(std::uint32_t block);
  [[nodiscard]] Result<> cut_tree(std::uint32_t& root, std::uint32_t levels, std::uint64_t first);

  Volume& volume_;
  Item& item_;
};

}  // namespace toro::filesystem::ext2
