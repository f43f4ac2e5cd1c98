// ext2, read and write. [Linux Documentation/filesystems/ext2.rst]
#pragma once

#include "kernel/filesystem/ext2/directory.hpp"

namespace toro::filesystem::ext2 {

/// A Node is an inode's number.
class Ext2 final : public Filesystem {
 public:
  /// As Kind::open. The medium is the filesystem's from then on, also when there is an error.
  [[nodiscard]] static Result<Opened> open(Medium& medium, Access access, std::size_t cache_bytes);

  [[nodiscard]] Node root() override { return kRootInode; }
  [[nodiscard]] Result<Found> lookup(Node directory, std::string_view name) override;
  void hold(Node node) override { ++inodes_.item(node).holds; }
  void release(Node node) override { release(inodes_.item(node)); }
  [[nodiscard]] Result<FileAttributes> attributes(Node node) override;
  [[nodiscard]] Result<> change(Node node, const AttributeChange& change) override;
  [[nodiscard]] Result<std::size_t> read(Node file, std::uint64_t offset, std::span<std::byte> to) override;
  [[nodiscard]] Result<std::size_t> write(Node file, std::uint64_t offset, std::span<const std::byte> from) override;
  [[nodiscard]] Result<> truncate(Node file, std::uint64_t size) override;
  [[nodiscard]] Result<std::size_t> read_link(Node link, std::span<char> to) override;
  [[nodiscard]] Result<> read_directory(Node directory, std::uint64_t cookie, EntrySink sink) override;
  [[nodiscard]] Result<Found> create(Node directory, std::string_view name, const NewNode& what) override;
  [[nodiscard]] Result<> link(Node directory, std::string_view name, Node existing) override;
  [[nodiscard]] Result<> unlink(Node directory, std::string_view name, bool directory_expected) override;
  [[nodiscard]] Result<> rename(Node from, std::string_view name, Node to, std::string_view new_name) override;
  [[nodiscard]] Result<> sync() override { return volume_.sync(); }
  [[nodiscard]] bool has_changes() override { return volume_.has_changes(); }
  [[nodiscard]] Result<> finish() override;
  [[nodiscard]] Statistics statistics() override;
  void destroy() override;

 private:
  explicit Ext2(Volume& volume) : volume_(volume), inodes_(volume) {}
  template <class T, class... Arguments>
  friend T* filesystem::make(Arguments&&...);
  template <class T>
  friend void filesystem::dispose(T*);

  /// A hold that ends.
  class Held {
   public:
    Held(Ext2& filesystem, Item& item) : filesystem_(&filesystem), item_(&item) {}
    Held(Held&& other) noexcept : filesystem_(other.filesystem_), item_(std::exchange(other.item_, nullptr)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (item_ != nullptr) filesystem_->release(*item_);
    }
    [[nodiscard]] Item& operator*() const { return *item_; }
    [[nodiscard]] Item* operator->() const { return item_; }
    /// It is the caller's to end.
    Item& keep() { return *std::exchange(item_, nullptr); }

   private:
    Ext2* filesystem_;
    Item* item_;
  };

  [[nodiscard]] Directory entries(Item& item) { return {volume_, inodes_, item}; }
  [[nodiscard]] Result<Item*> directory(Node node) const;
  [[nodiscard]] Result<Item*> regular(Node node) const;
  [[nodiscard]] Result<Held> hold_number(std::uint32_t number);
  [[nodiscard]] static Found found(const Item& item) { return {item.number, item.type()}; }

  void release(Item& item);
  [[nodiscard]] Result<> erase(Item& item);
  [[nodiscard]] Result<> erase_attributes(Item& item);
  [[nodiscard]] Result<Held> make_node(Item& directory, const NewNode& what);
  [[nodiscard]] Result<> fill(Item& item, Item& directory, const NewNode& what);
  [[nodiscard]] Result<> forget_name(Item& item);
  [[nodiscard]] Result<> require_name_free(Item& directory, std::string_view name);
  [[nodiscard]] Result<bool> is_above(const Item& item, Item& directory);
  [[nodiscard]] Result<> replace(Item& directory, const Directory::Place& place, Item& moved);

  [[nodiscard]] Result<> zero_tail(Item& item, std::uint64_t size);
  [[nodiscard]] Result<> write_block(Item& item, std::uint64_t offset, std::span<const std::byte> from);

  Volume& volume_;
  Inodes inodes_;
};

}  // namespace toro::filesystem::ext2
