// Files: open, read, write, list, move and remove them, without the C library. Results are values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace toro {

namespace filesystem {
struct OpenFile;
}

/// Why something was not done: the number is errno's. [Linux include/uapi/asm-generic/errno.h]
enum class FileError : std::int32_t {
  not_permitted = 1,
  no_entry = 2,
  io_error = 5,
  no_device = 6,
  bad_file = 9,
  no_memory = 12,
  access = 13,
  busy = 16,
  exists = 17,
  cross_device = 18,
  not_directory = 20,
  is_directory = 21,
  invalid = 22,
  too_many_open = 24,
  too_large = 27,
  no_space = 28,
  illegal_seek = 29,
  read_only = 30,
  too_many_links = 31,
  result_too_large = 34,
  name_too_long = 36,
  not_empty = 39,
  too_many_symlinks = 40,
  not_supported = 95,
  damaged = 117,  ///< the filesystem contradicts itself
};

/// For people: "no such file or directory". Any context.
[[nodiscard]] std::string_view describe(FileError error);

template <class T>
using FileResult = std::expected<T, FileError>;

/// As directory entries have it. [Linux include/linux/fs_types.h]
enum class FileType : std::uint8_t { unknown = 0, directory = 4, regular = 8, symlink = 10 };

/// Times are nanoseconds since 1970-01-01 UTC; sizes are bytes.
struct FileAttributes {
  FileType type = FileType::unknown;
  std::uint32_t mode = 0;  ///< permissions, 07777 at most
  std::uint32_t links = 1;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::uint64_t allocated = 0;
  std::uint32_t block_size = 4096;
  std::int64_t accessed = 0;
  std::int64_t modified = 0;
  std::int64_t changed = 0;
  std::uint32_t device = 0;  ///< a number for each mount
};

/// Flags, to be joined by `|`.
enum class OpenMode : std::uint32_t {
  read = 1,
  write = 2,
  append = 4,      ///< each write goes to the end
  create = 8,      ///< when it is not there
  exclusive = 16,  ///< with create: it must not be there
  truncate = 32,
  directory = 64,     ///< it must be one
  no_follow = 128,    ///< a symbolic link as the last component is too_many_symlinks
  synchronous = 256,  ///< each write is on the medium when it returns
};
[[nodiscard]] constexpr OpenMode operator|(OpenMode a, OpenMode b) {
  return static_cast<OpenMode>(std::to_underlying(a) | std::to_underlying(b));
}
[[nodiscard]] constexpr bool has(OpenMode mode, OpenMode flag) {
  return (std::to_underlying(mode) & std::to_underlying(flag)) != 0;
}

enum class SeekFrom : std::uint8_t { start, position, end };

/// An open file; closed when it is destroyed. All functions of this header are for threads, of any core: a call is
/// carried to the core of the mount and back. Relative paths start where chdir() led, at "/" at first.
class File {
 public:
  [[nodiscard]] static FileResult<File> open(std::string_view path, OpenMode mode = OpenMode::read,
                                             std::uint32_t permissions = 0666);

  File(File&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
  File& operator=(File&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~File();

  /// At the file's position, which moves on; how many bytes, 0 at the end.
  [[nodiscard]] FileResult<std::size_t> read(std::span<std::byte> to);
  /// How many bytes were written: fewer than there are when the disk is full.
  [[nodiscard]] FileResult<std::size_t> write(std::span<const std::byte> from);
  /// At `offset`; the position stays.
  [[nodiscard]] FileResult<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> to);
  [[nodiscard]] FileResult<std::size_t> write_at(std::uint64_t offset, std::span<const std::byte> from);
  /// The new position.
  [[nodiscard]] FileResult<std::uint64_t> seek(std::int64_t offset, SeekFrom from = SeekFrom::start);
  [[nodiscard]] FileResult<FileAttributes> attributes();
  /// Cuts the file, or makes it longer by zeros.
  [[nodiscard]] FileResult<void> truncate(std::uint64_t size);
  /// What was written is on the medium when this returns.
  [[nodiscard]] FileResult<void> sync();

 private:
  explicit File(filesystem::OpenFile& file) : file_(&file) {}
  filesystem::OpenFile* file_;
};

struct DirectoryEntry {
  FileType type = FileType::unknown;
  std::uint64_t inode = 0;
  std::uint8_t size = 0;
  char characters[255];

  [[nodiscard]] std::string_view name() const { return {characters, size}; }
};

/// A directory that is read, entry by entry; "." and ".." are left out.
class Directory {
 public:
  [[nodiscard]] static FileResult<Directory> open(std::string_view path);

  Directory(Directory&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
  Directory& operator=(Directory&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~Directory();

  /// Nothing at the end.
  [[nodiscard]] FileResult<std::optional<DirectoryEntry>> next();

 private:
  explicit Directory(filesystem::OpenFile& file) : file_(&file) {}
  filesystem::OpenFile* file_;
};

/// Of what a path names; `attributes` follows a symbolic link at its end.
[[nodiscard]] FileResult<FileAttributes> attributes(std::string_view path);
[[nodiscard]] FileResult<void> make_directory(std::string_view path, std::uint32_t permissions = 0777);
/// A file, a symbolic link, or an empty directory.
[[nodiscard]] FileResult<void> remove(std::string_view path);
/// What was at `to` is replaced at once; a directory must be empty for that.
[[nodiscard]] FileResult<void> rename(std::string_view from, std::string_view to);
[[nodiscard]] FileResult<void> make_link(std::string_view existing, std::string_view path);
[[nodiscard]] FileResult<void> make_symlink(std::string_view target, std::string_view path);
/// How many bytes the target has; `to` gets as many of them as fit.
[[nodiscard]] FileResult<std::size_t> read_link(std::string_view path, std::span<char> to);

}  // namespace toro
