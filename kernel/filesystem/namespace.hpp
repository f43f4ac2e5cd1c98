// The names of all files: mounts, and what can be done by a path or with an open file.
#pragma once

#include "kernel/filesystem/mount.hpp"
#include "kernel/filesystem/walk.hpp"

namespace toro::filesystem {

struct OpenFile {
  Mount* mount = nullptr;
  Node node = 0;
  FileType type = FileType::regular;
  OpenMode mode{};
  std::uint64_t position = 0;  ///< of a directory, the cookie; changed on the mount's core
  Text path;                   ///< canonical, of a directory
  std::atomic<std::uint32_t> references = 1;
  Turn turn;  ///< for the position
};

/// Between the steps of a walk, and while the mounts are changed. The kernel's, or a test's.
class MountsLock {
 public:
  MountsLock();
  ~MountsLock();
  MountsLock(const MountsLock&) = delete;
  MountsLock& operator=(const MountsLock&) = delete;

 private:
  alignas(8) unsigned char guard_[16];
};

/// A path, and the canonical one of the directory that it starts in.
struct Path {
  std::string_view start;
  std::string_view path;
};

/// Threads of any core.
class Namespace {
 public:
  /// `mount` stays; its path must be that of a directory, or "/" for the first.
  [[nodiscard]] Result<> mount(Mount& mount);
  /// `busy` when something of it is open. Afterwards nobody finds it any more; the caller has it finish().
  [[nodiscard]] Result<Mount*> unmount(std::string_view path);
  /// The one with the least number above `number`, in use until leave(); null when there is none.
  [[nodiscard]] Mount* next_mount(std::uint32_t number);

  [[nodiscard]] Result<OpenFile*> open(Path path, OpenMode mode, std::uint32_t permissions);
  /// Ends one reference; the last one closes the file.
  void close(OpenFile& file);

  [[nodiscard]] Result<FileAttributes> attributes(Path path, Last last);
  [[nodiscard]] Result<> change(Path path, Last last, const AttributeChange& change);
  [[nodiscard]] Result<> truncate(Path path, std::uint64_t size);
  [[nodiscard]] Result<> make_directory(Path path, std::uint32_t permissions);
  [[nodiscard]] Result<> make_symlink(std::string_view target, Path path);
  [[nodiscard]] Result<> link(Path existing, Last last, Path path);
  [[nodiscard]] Result<> unlink(Path path, bool directory_expected);
  [[nodiscard]] Result<> rename(Path from, Path to);
  [[nodiscard]] Result<std::size_t> read_link(Path path, std::span<char> to);
  [[nodiscard]] Result<Statistics> statistics(Path path);
  /// The canonical path of a directory; how many bytes, which `to` must have.
  [[nodiscard]] Result<std::size_t> canonical_directory(Path path, std::span<char> to);
  // All mounts.
  [[nodiscard]] Result<> sync();
  /// At the machine's end.
  [[nodiscard]] Result<> finish();

  [[nodiscard]] Result<std::size_t> read(OpenFile& file, std::span<std::byte> to);
  [[nodiscard]] Result<std::size_t> write(OpenFile& file, std::span<const std::byte> from);
  [[nodiscard]] Result<std::size_t> read_at(OpenFile& file, std::uint64_t offset, std::span<std::byte> to);
  [[nodiscard]] Result<std::size_t> write_at(OpenFile& file, std::uint64_t offset, std::span<const std::byte> from);
  [[nodiscard]] Result<std::uint64_t> seek(OpenFile& file, std::int64_t offset, SeekFrom from);
  [[nodiscard]] Result<FileAttributes> attributes(OpenFile& file);
  [[nodiscard]] Result<> change(OpenFile& file, const AttributeChange& change);
  [[nodiscard]] Result<> truncate(OpenFile& file, std::uint64_t size);
  [[nodiscard]] Result<> sync(OpenFile& file);
  [[nodiscard]] Result<Statistics> statistics(OpenFile& file);
  /// The entries from the file's position on, which moves behind those that `sink` took; "." and ".." too.
  [[nodiscard]] Result<> read_directory(OpenFile& file, EntrySink sink);

  /// The first mount that `f` is true of, called while mounts are neither added nor removed; null when there is none.
  template <class F>
  [[nodiscard]] Mount* find_mount(F f) {
    const MountsLock lock;
    Mount* mount = mounts_;
    while (mount != nullptr && !f(*mount)) mount = mount->next;
    return mount;
  }

  // For walks: the deepest mount that has `canonical`, in use until leave().
  [[nodiscard]] Mount& mount_of(std::string_view canonical);
  void leave(Mount& mount) { mount.open.fetch_sub(1, std::memory_order_release); }
  [[nodiscard]] bool is_mounted(std::string_view canonical);

 private:
  friend struct MountTable;

  [[nodiscard]] static Result<std::size_t> put(OpenFile& file, std::uint64_t offset, std::span<const std::byte> from);
  [[nodiscard]] Result<OpenFile*> open_found(Walk& walk, OpenMode mode);
  template <class F>
  [[nodiscard]] Result<> on_each_mount(F f);
  template <class F>
  [[nodiscard]] Result<> at_parent(Path path, F f);

  Mount* mounts_ = nullptr;
  std::uint32_t next_number_ = 1;
};

}  // namespace toro::filesystem
