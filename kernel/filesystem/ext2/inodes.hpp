// Inodes that are in use, read and checked.
#pragma once

#include "kernel/filesystem/ext2/name_index.hpp"
#include "kernel/filesystem/ext2/volume.hpp"

namespace toro::filesystem::ext2 {

/// An inode in memory, while somebody holds it.
struct Item {
  std::uint32_t number = 0;
  std::uint32_t holds = 0;
  Item* chain = nullptr;
  Inode inode{};
  std::uint32_t goal = 0;         ///< where the file's next block would lie best
  std::uint64_t read_end = 0;     ///< where the last read ended
  std::uint32_t read_window = 0;  ///< blocks to read ahead

  [[nodiscard]] FileType type() const;
  [[nodiscard]] bool is(FileType type_) const { return type() == type_; }
  [[nodiscard]] std::uint64_t size() const {
    return inode.size | (is(FileType::regular) ? std::uint64_t{inode.size_high} << 32 : 0);
  }
  void set_size(std::uint64_t size) {
    inode.size = static_cast<std::uint32_t>(size);
    if (is(FileType::regular)) inode.size_high = static_cast<std::uint32_t>(size >> 32);
  }
  /// A symbolic link whose target lies where pointers are else.
  [[nodiscard]] bool is_short_link(std::uint32_t block_size) const {
    return is(FileType::symlink) && inode.sectors == (inode.attributes_block != 0 ? block_size / 512 : 0);
  }
  void touch();
  void touch_attributes();
};

/// Seconds, as inodes have them.
[[nodiscard]] std::int32_t seconds_of(std::int64_t time);

class Inodes {
 public:
  explicit Inodes(Volume& volume) : volume_(volume) {}
  Inodes(const Inodes&) = delete;
  Inodes& operator=(const Inodes&) = delete;
  ~Inodes();

  /// Held once more. `damaged` when there can be no such inode.
  [[nodiscard]] Result<Item*> hold(std::uint32_t number);
  /// One that was just allocated, zeroed, held.
  [[nodiscard]] Result<Item*> make_new(std::uint32_t number);
  /// One that is held.
  [[nodiscard]] Item& item(std::uint64_t number) const { return *find(static_cast<std::uint32_t>(number)); }
  /// Ends a hold; true when it was the last one of an inode without a name, which is still there then: remove().
  [[nodiscard]] bool release(Item& item);
  /// Frees the memory of an item that nobody holds.
  void remove(Item& item);
  [[nodiscard]] Result<> store(const Item& item);

  /// The first block of a directory that may have room for an entry; a guess.
  struct Room {
    std::uint32_t directory;
    std::uint32_t index;
  };
  [[nodiscard]] Room& room(std::uint32_t directory) {
    Room& room = rooms_[directory % kBuckets];
    if (room.directory != directory) room = {directory, 0};
    return room;
  }

  [[nodiscard]] NameIndices& name_indices() { return name_indices_; }

  /// Any that has no name, or null.
  [[nodiscard]] Item* nameless() const;

 private:
  static constexpr std::size_t kBuckets = 64;

  [[nodiscard]] Item* find(std::uint32_t number) const;
  void insert(Item& item);
  [[nodiscard]] bool is_possible(const Item& item) const;

  Volume& volume_;
  Item* table_[kBuckets]{};
  Room rooms_[kBuckets]{};
  NameIndices name_indices_;
};

}  // namespace toro::filesystem::ext2
