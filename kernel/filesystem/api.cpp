// Files for applications, without the C library.
#include "kernel/filesystem/kernel.hpp"

namespace toro {
namespace {

using filesystem::Last;
using filesystem::names;
using filesystem::OpenFile;
using filesystem::with_start;

}  // namespace

FileResult<File> File::open(std::string_view path, OpenMode mode, std::uint32_t permissions) {
  OpenFile* const file =
      TRY(with_start(path, [&](filesystem::Path at) { return names().open(at, mode, permissions); }));
  return File(*file);
}
File::~File() {
  if (file_ != nullptr) names().close(*file_);
}
FileResult<std::size_t> File::read(std::span<std::byte> to) {
  return names().read(*file_, to);
}
FileResult<std::size_t> File::write(std::span<const std::byte> from) {
  return names().write(*file_, from);
}
FileResult<std::size_t> File::read_at(std::uint64_t offset, std::span<std::byte> to) {
  return names().read_at(*file_, offset, to);
}
FileResult<std::size_t> File::write_at(std::uint64_t offset, std::span<const std::byte> from) {
  return names().write_at(*file_, offset, from);
}
FileResult<std::uint64_t> File::seek(std::int64_t offset, SeekFrom from) {
  return names().seek(*file_, offset, from);
}
FileResult<FileAttributes> File::attributes() {
  return names().attributes(*file_);
}
FileResult<void> File::truncate(std::uint64_t size) {
  return names().truncate(*file_, size);
}
FileResult<void> File::sync() {
  return names().sync(*file_);
}

FileResult<Directory> Directory::open(std::string_view path) {
  OpenFile* const file = TRY(
      with_start(path, [&](filesystem::Path at) { return names().open(at, OpenMode::read | OpenMode::directory, 0); }));
  return Directory(*file);
}
Directory::~Directory() {
  if (file_ != nullptr) names().close(*file_);
}

FileResult<std::optional<DirectoryEntry>> Directory::next() {
  struct One {
    DirectoryEntry entry;
    bool found = false;
  } one;
  const auto add = [](void* context, std::string_view name, filesystem::Found found, std::uint64_t inode,
                      std::uint64_t) {
    auto& to = *static_cast<One*>(context);
    if (name == "." || name == "..") return true;
    if (to.found) return false;
    to.found = true;
    to.entry.type = found.type;
    to.entry.inode = inode;
    to.entry.size = static_cast<std::uint8_t>(name.size());
    std::memcpy(to.entry.characters, name.data(), name.size());
    return true;
  };
  TRY(names().read_directory(*file_, {&one, add}));
  if (!one.found) return std::nullopt;
  return one.entry;
}

FileResult<FileAttributes> attributes(std::string_view path) {
  return with_start(path, [](filesystem::Path at) { return names().attributes(at, Last::follow); });
}
FileResult<void> make_directory(std::string_view path, std::uint32_t permissions) {
  return with_start(path, [&](filesystem::Path at) { return names().make_directory(at, permissions); });
}
FileResult<void> remove(std::string_view path) {
  return with_start(path, [](filesystem::Path at) {
    const auto removed = names().unlink(at, false);
    return !removed && removed.error() == FileError::is_directory ? names().unlink(at, true) : removed;
  });
}
FileResult<void> rename(std::string_view from, std::string_view to) {
  return with_start(from, [&](filesystem::Path source) {
    return with_start(to, [&](filesystem::Path target) { return names().rename(source, target); });
  });
}
FileResult<void> make_link(std::string_view existing, std::string_view path) {
  return with_start(existing, [&](filesystem::Path source) {
    return with_start(path, [&](filesystem::Path target) { return names().link(source, Last::keep, target); });
  });
}
FileResult<void> make_symlink(std::string_view target, std::string_view path) {
  return with_start(path, [&](filesystem::Path at) { return names().make_symlink(target, at); });
}
FileResult<std::size_t> read_link(std::string_view path, std::span<char> to) {
  return with_start(path, [&](filesystem::Path at) { return names().read_link(at, to); });
}

}  // namespace toro
