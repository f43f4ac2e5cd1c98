// What is known of a server's nodes: those in use, and those that names lead to which were looked up lately.
#pragma once

#include <array>
#include <optional>

#include "kernel/filesystem/array.hpp"
#include "kernel/filesystem/filesystem.hpp"
#include "kernel/filesystem/fuse/connection.hpp"

namespace toro::filesystem::fuse {

/// A directory that is read: what the server gave of it last.
struct Listing {
  std::uint64_t handle = 0;
  std::uint64_t cookie = 0;  ///< of what is at `at`
  std::uint64_t next = 0;    ///< behind all that is here
  std::size_t at = 0;
  std::size_t size = 0;
  bool with_entries = false;  ///< the records say what the names lead to
  std::byte* records = nullptr;
};

struct Item {
  std::uint64_t id = 0;
  FileType type = FileType::unknown;
  std::uint32_t holds = 0;
  std::uint32_t names = 0;    ///< that lead to it, or lie in it
  std::uint64_t lookups = 0;  ///< that the server counts, and forget() ends
  FileAttributes attributes;
  std::int64_t valid_until = 0;  ///< the attributes; as wall_clock()
  // Counted in changes, of the whole filesystem, that were made from here:
  std::uint64_t attributes_asked = 0;
  std::uint64_t changed = 0;
  std::optional<std::uint64_t> reader, writer;  ///< handles of the open file; may be the same
  Listing* listing = nullptr;                   ///< of a directory, while nobody reads in it
  bool names_wanted = false;                    ///< of a directory: a name was looked up since it was last read
  // Of a directory in which many names are looked up:
  std::uint32_t lookups_since = 0;  ///< that no name in memory answered, since
  std::int64_t since = 0;           ///< as wall_clock()
  std::uint64_t ahead = 0;          ///< how far it was read ahead, a cookie
  Item* next = nullptr;
};

/// A name that leads from one item to another, for a while.
struct Name {
  Item* parent = nullptr;
  Item* child = nullptr;
  std::int64_t valid_until = 0;
  std::uint32_t hash = 0;
  std::uint8_t size = 0;
  Name* next = nullptr;
  Name* older = nullptr;
  Name* newer = nullptr;

  [[nodiscard]] char* text() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] std::string_view view() { return {text(), size}; }
};

/// Functions that forget, drop or release may wait for room to tell the server, and other threads run meanwhile.
class Items {
 public:
  explicit Items(Connection& connection);
  Items(const Items&) = delete;
  Items& operator=(const Items&) = delete;
  ~Items() = default;

  /// At the end, when nothing but the root is held.
  void forget_all();

  [[nodiscard]] Item& root() { return root_; }
  [[nodiscard]] std::size_t count() const { return items_; }

  /// The item of a reply that the server has counted as a lookup, held once more by the caller. `damaged` where it can
  /// be none.
  [[nodiscard]] Result<Item*> adopt(std::uint64_t id, FileType type);
  void release(Item& item);

  /// The item that a name leads to, while that is valid; or null. It is not held.
  [[nodiscard]] Item* find(Item& parent, std::string_view name);
  /// Remembers it, if there is memory.
  void remember(Item& parent, std::string_view name, Item& child, std::int64_t valid_until);
  void drop(Item& parent, std::string_view name);

 private:
  static constexpr std::size_t kBuckets = 4096;
  static constexpr std::size_t kMostNames = 16384;

  [[nodiscard]] Name** place_of(const Item& parent, std::string_view name, std::uint32_t hash);
  [[nodiscard]] Item** place_of(std::uint64_t id);
  void make_newest(Name& name);
  void take_from_ages(Name& name);
  void drop(Name& name);
  void close(Item& item);
  void free_if_unused(Item& item);

  Connection& connection_;
  Item root_;
  Name* oldest_ = nullptr;
  Name* newest_ = nullptr;
  std::size_t names_ = 0;
  std::size_t items_ = 0;
  std::array<Item*, kBuckets> item_buckets_{};
  std::array<Name*, kBuckets> name_buckets_{};
};

}  // namespace toro::filesystem::fuse
