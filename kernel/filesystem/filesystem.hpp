// What a filesystem implements: nodes, which the namespace above finds by name and holds while it uses them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/filesystem/result.hpp"

namespace toro::filesystem {

/// The filesystem's number for something that it has. Valid while it is held.
using Node = std::uint64_t;

inline constexpr std::size_t kMostName = 255;   ///< bytes [Linux limits.h NAME_MAX]
inline constexpr std::size_t kMostPath = 4096;  ///< bytes, with a final zero [PATH_MAX]

/// Nanoseconds since 1970-01-01 UTC. The kernel's, or a test's.
[[nodiscard]] std::int64_t wall_clock();
/// A sentence for people, about what is mounted from `source`, or is not. The kernel's, or a test's. Threads.
void report(std::string_view source, std::string_view what);

struct Found {
  Node node = 0;
  FileType type = FileType::unknown;
};

/// What is to be changed of a node.
struct AttributeChange {
  std::optional<std::uint32_t> mode;
  std::optional<std::uint32_t> user;
  std::optional<std::uint32_t> group;
  std::optional<std::int64_t> accessed;
  std::optional<std::int64_t> modified;
};

/// Of a whole filesystem; sizes are in blocks. [POSIX statvfs]
struct Statistics {
  std::uint32_t magic = 0;  ///< Linux's number for the kind
  std::uint32_t block_size = 4096;
  std::uint64_t blocks = 0;
  std::uint64_t free_blocks = 0;
  std::uint64_t files = 0;
  std::uint64_t free_files = 0;
  bool read_only = false;
};

/// Takes directory entries, until it has no room for one more.
struct EntrySink {
  void* context = nullptr;
  /// False: not taken. `next` is the cookie behind the entry.
  bool (*add)(void* context, std::string_view name, Found found, std::uint64_t inode, std::uint64_t next) = nullptr;
};

/// What was asked for by a name, there or made.
struct FoundOrMade {
  Found found;
  bool made = false;
};

struct NewNode {
  FileType type = FileType::regular;
  std::uint32_t mode = 0;
  std::string_view target{};  ///< of a symbolic link
};

/// One that is mounted. One call at a time, all of one core's threads; calls may wait for a device. Names are 1 to 255
/// bytes, without '/', and neither "." nor "..". Arguments that should be directories are checked here.
class Filesystem {
 public:
  /// Calls may begin while others wait.
  [[nodiscard]] virtual bool overlaps() const { return false; }

  /// Always held.
  [[nodiscard]] virtual Node root() = 0;

  /// What `directory` has by that name, held once more by the caller.
  [[nodiscard]] virtual Result<Found> lookup(Node directory, std::string_view name) = 0;
  virtual void hold(Node node) = 0;
  /// Ends one hold. What has no name left goes with the last one.
  virtual void release(Node node) = 0;

  [[nodiscard]] virtual Result<FileAttributes> attributes(Node node) = 0;
  [[nodiscard]] virtual Result<> change(Node node, const AttributeChange& change) = 0;

  /// Of regular files. Reads end at the file's size, and beyond it are 0 bytes.
  [[nodiscard]] virtual Result<std::size_t> read(Node file, std::uint64_t offset, std::span<std::byte> to) = 0;
  [[nodiscard]] virtual Result<std::size_t> write(Node file, std::uint64_t offset, std::span<const std::byte> from) = 0;
  [[nodiscard]] virtual Result<> truncate(Node file, std::uint64_t size) = 0;
  [[nodiscard]] virtual Result<std::size_t> read_link(Node link, std::span<char> to) = 0;
  /// Gives the entries from `cookie` on (0 at first) but "." and "..".
  [[nodiscard]] virtual Result<> read_directory(Node directory, std::uint64_t cookie, EntrySink sink) = 0;

  /// Held by the caller. `exists` when the name is there.
  [[nodiscard]] virtual Result<Found> create(Node directory, std::string_view name, const NewNode& what) = 0;
  /// The same of a regular file, where the name is not there yet.
  [[nodiscard]] virtual Result<FoundOrMade> lookup_or_create(Node directory, std::string_view name,
                                                             std::uint32_t mode) {
    const auto found = lookup(directory, name);
    if (found) return FoundOrMade{*found};
    if (found.error() != Error::no_entry) return failure(found.error());
    const auto made = create(directory, name, {.type = FileType::regular, .mode = mode});
    if (made) return FoundOrMade{*made, true};
    if (made.error() != Error::exists) return failure(made.error());
    return FoundOrMade{TRY(lookup(directory, name))};  // made by another meanwhile
  }
  [[nodiscard]] virtual Result<> link(Node directory, std::string_view name, Node existing) = 0;
  /// Removes a name: of a directory, which must be empty, when `directory_expected`, else of anything else.
  [[nodiscard]] virtual Result<> unlink(Node directory, std::string_view name, bool directory_expected) = 0;
  /// Replaces what is there. `invalid` when a directory would come to lie within itself.
  [[nodiscard]] virtual Result<> rename(Node from, std::string_view name, Node to, std::string_view new_name) = 0;

  /// All that was written is on the medium when this returns.
  [[nodiscard]] virtual Result<> sync() = 0;
  /// The same of one file or directory, at least.
  [[nodiscard]] virtual Result<> sync_file(Node /*node*/) { return sync(); }
  /// Something is written that is not on the medium yet: sync() comes by itself before long. Never waits.
  [[nodiscard]] virtual bool has_changes() { return false; }
  /// The last call but destroy(), when it is unmounted or the machine ends: what has no name goes, although it is held;
  /// all is on the medium, which is marked as left in order. What is still called fails.
  [[nodiscard]] virtual Result<> finish() { return sync(); }
  [[nodiscard]] virtual Statistics statistics() = 0;
  /// Frees the filesystem's memory; after finish(), when nothing but the root is held.
  virtual void destroy() = 0;

 protected:
  ~Filesystem() = default;
};

}  // namespace toro::filesystem
