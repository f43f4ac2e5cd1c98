// Files in memory: "/" and /tmp, and files that the image carries.
#pragma once

#include "kernel/filesystem/array.hpp"
#include "kernel/filesystem/filesystem.hpp"

namespace toro::filesystem {

/// Nodes are on the heap of the core that mounts it; a Node is the address of one.
class MemoryFilesystem final : public Filesystem {
 public:
  MemoryFilesystem();

  /// A file whose content lies elsewhere, for ever: it can be read only. Folders on its way are made.
  [[nodiscard]] Result<> add(std::string_view path, std::span<const std::byte> content);

  [[nodiscard]] Node root() override;
  [[nodiscard]] Result<Found> lookup(Node directory, std::string_view name) override;
  void hold(Node node) override;
  void release(Node node) override;
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
  [[nodiscard]] Result<> sync() override { return {}; }
  [[nodiscard]] Statistics statistics() override;
  void destroy() override;

 private:
  struct Entry;
  struct Item;

  static Item& item(Node node) { return *reinterpret_cast<Item*>(node); }
  static Found found(Item& item);
  [[nodiscard]] Result<Item*> directory(Node node) const;
  void forget_name(Item& item);
  void remove_entry(Item& directory, Entry& entry);
  void free_if_unused(Item& item);
  void free_tree(Item& item);

  Item* root_ = nullptr;
  std::uint64_t items_ = 0;
  std::uint64_t next_inode_ = 1;
};

}  // namespace toro::filesystem
