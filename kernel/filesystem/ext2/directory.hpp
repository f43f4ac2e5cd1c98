// The entries of a directory: a list in each of its blocks.
#pragma once

#include "kernel/filesystem/ext2/block_map.hpp"

namespace toro::filesystem::ext2 {

/// All of a directory's functions expect an item that is one.
class Directory {
 public:
  Directory(Volume& volume, Inodes& inodes, Item& item) : volume_(volume), inodes_(inodes), item_(item) {}

  /// Where an entry is; valid until the directory is changed.
  struct Place {
    std::uint32_t inode = 0;
    std::uint32_t index = 0;   ///< of the block
    std::uint32_t offset = 0;  ///< in the block
  };
  /// `no_entry` when there is none of that name.
  [[nodiscard]] Result<Place> find(std::string_view name);
  [[nodiscard]] Result<> add(std::string_view name, const Item& what);
  [[nodiscard]] Result<> remove(const Place& place);
  /// The entry leads to `what` from now on.
  [[nodiscard]] Result<> redirect(const Place& place, const Item& what);
  [[nodiscard]] Result<bool> is_empty();
  /// As Filesystem::read_directory.
  [[nodiscard]] Result<> list(std::uint64_t cookie, EntrySink sink);

  /// The first block of a new directory: "." and "..".
  [[nodiscard]] Result<> make(std::uint32_t parent);

 private:
  [[nodiscard]] std::uint32_t blocks() const;
  [[nodiscard]] Result<Block> block(std::uint32_t index);
  [[nodiscard]] Result<Entry*> entry(const Block& block, std::uint32_t offset);
  /// `f(block, its index, an entry in use, its offset)` for each, until it is true.
  template <class F>
  [[nodiscard]] Result<> each_entry(F f);
  [[nodiscard]] Result<Place> search(std::string_view name);
  [[nodiscard]] Result<Place> search(const NameIndex& index, std::string_view name);
  /// That of the directory, with all its names; null where it has none.
  [[nodiscard]] NameIndex* name_index();
  void make_index(NameIndex& index);
  [[nodiscard]] Result<bool> add_to(std::uint32_t index, std::string_view name, const Item& what);
  [[nodiscard]] Result<> append(std::string_view name, const Item& what);
  void write(Entry& entry, std::string_view name, const Item& what) const;
  void added(std::string_view name, NameIndex::Position position);
  void changed(const Block& block);

  Volume& volume_;
  Inodes& inodes_;
  Item& item_;
};

}  // namespace toro::filesystem::ext2
