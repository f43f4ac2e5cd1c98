// The files of a FUSE server.
#pragma once

#include "kernel/filesystem/fuse/items.hpp"

namespace toro::filesystem::fuse {

/// A Node is the address of an item. Each call waits for the server, and only its own thread.
class FuseFilesystem final : public Filesystem {
 public:
  /// `channel` outlives it, and is closed by destroy().
  explicit FuseFilesystem(Channel& channel) : channel_(channel), connection_(channel) {}
  /// Before all else; the errors of Connection::start().
  [[nodiscard]] Result<> start() { return connection_.start(); }

  [[nodiscard]] bool overlaps() const override { return true; }
  [[nodiscard]] Node root() override { return node_of(items_.root()); }
  [[nodiscard]] Result<Found> lookup(Node directory, std::string_view name) override;
  void hold(Node node) override { ++item(node).holds; }
  void release(Node node) override { items_.release(item(node)); }
  [[nodiscard]] Result<FileAttributes> attributes(Node node) override;
  [[nodiscard]] Result<> change(Node node, const AttributeChange& change) override;
  [[nodiscard]] Result<std::size_t> read(Node file, std::uint64_t offset, std::span<std::byte> to) override;
  [[nodiscard]] Result<std::size_t> write(Node file, std::uint64_t offset, std::span<const std::byte> from) override;
  [[nodiscard]] Result<> truncate(Node file, std::uint64_t size) override;
  [[nodiscard]] Result<std::size_t> read_link(Node link, std::span<char> to) override;
  [[nodiscard]] Result<> read_directory(Node directory, std::uint64_t cookie, EntrySink sink) override;
  [[nodiscard]] Result<Found> create(Node directory, std::string_view name, const NewNode& what) override;
  [[nodiscard]] Result<FoundOrMade> lookup_or_create(Node directory, std::string_view name,
                                                     std::uint32_t mode) override;
  [[nodiscard]] Result<> link(Node directory, std::string_view name, Node existing) override;
  [[nodiscard]] Result<> unlink(Node directory, std::string_view name, bool directory_expected) override;
  [[nodiscard]] Result<> rename(Node from, std::string_view name, Node to, std::string_view new_name) override;
  [[nodiscard]] Result<> sync() override;
  [[nodiscard]] Result<> sync_file(Node node) override;
  /// What was written is the host's, whose medium need not have it when this machine ends.
  [[nodiscard]] Result<> finish() override { return {}; }
  [[nodiscard]] Statistics statistics() override;
  void destroy() override;

 private:
  static Item& item(Node node) { return *reinterpret_cast<Item*>(node); }
  static Node node_of(Item& of) { return reinterpret_cast<Node>(&of); }

  /// When something was asked, so that no answer counts that a change from here has overtaken.
  struct Moment {
    std::int64_t time;  ///< wall_clock()
    std::uint64_t changes;
  };
  [[nodiscard]] Moment now() const { return {wall_clock(), changes_}; }

  /// Takes over what the server says of a name; the item is held.
  [[nodiscard]] Result<Item*> take_entry(Item& directory, std::string_view name, const EntryReply& entry,
                                         const Moment& asked);
  /// A regular file that was not there, open; held.
  [[nodiscard]] Result<Item*> create_file(Item& directory, std::string_view name, std::uint32_t mode);
  template <class F>
  [[nodiscard]] Result<> remove_name(Node directory, std::string_view name, F remove);
  [[nodiscard]] bool has_valid_attributes(const Item& of) const;
  [[nodiscard]] Result<> change_attributes(Item& of, const ChangeRequest& request);
  void changed(Item& of) { of.changed = ++changes_; }
  /// Names were removed or made, so that counts of links changed too.
  void changed_names() { names_changed_ = ++changes_; }

  enum class Use : std::uint8_t { read, write };
  [[nodiscard]] Result<std::uint64_t> open(Item& file, Use use);

  [[nodiscard]] Result<Listing*> open_listing(Item& directory);
  void close_listing(Item& directory, Listing& listing);
  enum class Records : std::uint8_t { names, entries };
  [[nodiscard]] Result<> fetch(Item& directory, Listing& listing, std::uint64_t cookie, Records which);
  void look_ahead(Item& directory);
  [[nodiscard]] Result<> give(Item& directory, Listing& listing, EntrySink sink);

  Channel& channel_;
  Connection connection_;
  Items items_{connection_};
  std::uint64_t changes_ = 0;
  std::uint64_t names_changed_ = 0;
};

}  // namespace toro::filesystem::fuse
