// FAT12, FAT16 and FAT32, read and write, with long names. [FAT: Microsoft FAT Specification 2005]
#pragma once

#include "kernel/filesystem/array.hpp"
#include "kernel/filesystem/fat/directory.hpp"
#include "kernel/filesystem/filesystem.hpp"

namespace toro::filesystem::fat {

/// A Node is the address of an Item, which there is for everything that is held. It has neither links nor owners; of a
/// mode it keeps whether somebody may write.
class Fat final : public Filesystem {
 public:
  /// As Kind::open. The medium is the filesystem's from then on, also when there is an error.
  [[nodiscard]] static Result<Opened> open(Medium& medium, Access access, std::size_t cache_bytes);

  [[nodiscard]] Node root() override { return reinterpret_cast<Node>(&root_); }
  [[nodiscard]] Result<Found> lookup(Node directory, std::string_view name) override;
  void hold(Node node) override { ++item(node).holds; }
  void release(Node node) override;
  [[nodiscard]] Result<FileAttributes> attributes(Node node) override;
  [[nodiscard]] Result<> change(Node node, const AttributeChange& change) override;
  [[nodiscard]] Result<std::size_t> read(Node file, std::uint64_t offset, std::span<std::byte> to) override;
  [[nodiscard]] Result<std::size_t> write(Node file, std::uint64_t offset, std::span<const std::byte> from) override;
  [[nodiscard]] Result<> truncate(Node file, std::uint64_t size) override;
  [[nodiscard]] Result<std::size_t> read_link(Node, std::span<char>) override { return failure(Error::invalid); }
  [[nodiscard]] Result<> read_directory(Node directory, std::uint64_t cookie, EntrySink sink) override;
  [[nodiscard]] Result<Found> create(Node directory, std::string_view name, const NewNode& what) override;
  [[nodiscard]] Result<> link(Node, std::string_view, Node) override { return failure(Error::not_permitted); }
  [[nodiscard]] Result<> unlink(Node directory, std::string_view name, bool directory_expected) override;
  [[nodiscard]] Result<> rename(Node from, std::string_view name, Node to, std::string_view new_name) override;
  [[nodiscard]] Result<> sync() override;
  [[nodiscard]] bool has_changes() override { return volume_.storage.has_changes(); }
  [[nodiscard]] Result<> finish() override;
  [[nodiscard]] Statistics statistics() override;
  void destroy() override;

 private:
  Fat(Medium& medium, Access access, std::size_t cache_bytes);
  template <class T, class... Arguments>
  friend T* filesystem::make(Arguments&&...);
  template <class T>
  friend void filesystem::dispose(T*);

  struct Item {
    Item* next = nullptr;      ///< in its bucket, or of those without a name
    std::uint64_t offset = 0;  ///< of its directory entry; 0: the root, or without a name
    std::uint64_t inode = 1;
    std::uint32_t holds = 0;
    bool has_name = true;
    DirectoryEntry entry{};
    std::uint64_t read_end = 0;  ///< of the last read
    Array<std::uint32_t> marks;  ///< every kMarkEvery-th cluster of its chain, as far as it was gone
  };
  static constexpr std::uint32_t kWriteBits = 0222;  ///< of a mode
  static constexpr std::uint32_t kMarkEvery = 64;
  static constexpr std::size_t kBuckets = 64;

  static Item& item(Node node) { return *reinterpret_cast<Item*>(node); }
  static Found found(Item& item);
  [[nodiscard]] Result<> read_boot_sector();
  [[nodiscard]] Item*& bucket_of(std::uint64_t offset) { return items_[offset / kEntrySize % kBuckets]; }
  void put_in_bucket(Item& item, std::uint64_t offset);
  static void take_from(Item*& list, Item& item);
  [[nodiscard]] Result<Item*> item_of(std::uint64_t offset, const DirectoryEntry& entry);
  [[nodiscard]] Result<> end(Item& item);
  [[nodiscard]] Item* held_item_of(std::uint64_t offset);
  [[nodiscard]] Result<std::uint32_t> directory_cluster(const DirectoryEntry& entry);
  [[nodiscard]] Result<std::uint32_t> directory_cluster(Node node);
  [[nodiscard]] Result<> save(Item& item);
  [[nodiscard]] Result<std::uint32_t> cluster_at(Item& item, std::uint32_t index);
  template <class F>
  [[nodiscard]] Result<> for_pieces(Item& item, std::uint64_t offset, std::uint64_t end, F use);
  [[nodiscard]] Result<std::uint64_t> make_room(Item& item, std::uint64_t size);
  [[nodiscard]] Result<> trim(Item& item);
  [[nodiscard]] Result<> fill(Item& item, std::uint64_t offset, std::uint64_t end);
  [[nodiscard]] Result<std::size_t> put(Item& item, std::uint64_t offset, std::span<const std::byte> from);
  [[nodiscard]] Result<std::uint32_t> make_directory_cluster(std::uint32_t parent);
  [[nodiscard]] Result<> check_removable(const Named& named, bool directory_expected);
  [[nodiscard]] Result<> lose_name(std::uint64_t offset, std::uint32_t cluster);
  [[nodiscard]] Result<bool> lies_within(std::uint32_t directory, std::uint32_t other);

  Volume volume_;
  Item root_;
  Item* items_[kBuckets] = {};
  Item* nameless_ = nullptr;
};

}  // namespace toro::filesystem::fat
