// What can be done with an open file.
#include <limits>

#include "kernel/filesystem/namespace.hpp"

namespace toro::filesystem {
namespace {

constexpr auto kMostOffset = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

Result<> readable(const OpenFile& file) {
  if (file.type == FileType::directory) return failure(Error::is_directory);
  if (!has(file.mode, OpenMode::read)) return failure(Error::bad_file);
  return {};
}
Result<> writable(const OpenFile& file) {
  if (!has(file.mode, OpenMode::write)) return failure(Error::bad_file);
  if (file.mount->read_only) return failure(Error::read_only);
  return {};
}

}  // namespace

Result<std::size_t> Namespace::read(OpenFile& file, std::span<std::byte> to) {
  TRY(readable(file));
  return file.mount->run_alone(file.turn, [&]() -> Result<std::size_t> {
    const std::size_t count = TRY(file.mount->filesystem->read(file.node, file.position, to));
    file.position += count;
    return count;
  });
}

Result<std::size_t> Namespace::read_at(OpenFile& file, std::uint64_t offset, std::span<std::byte> to) {
  TRY(readable(file));
  if (offset > kMostOffset) return failure(Error::invalid);
  return file.mount->run([&] { return file.mount->filesystem->read(file.node, offset, to); });
}

/// On the mount's core.
Result<std::size_t> Namespace::put(OpenFile& file, std::uint64_t offset, std::span<const std::byte> from) {
  if (offset > kMostOffset || from.size() > kMostOffset - offset) return failure(Error::too_large);
  const std::size_t count = TRY(file.mount->filesystem->write(file.node, offset, from));
  if (has(file.mode, OpenMode::synchronous)) TRY(file.mount->filesystem->sync_file(file.node));
  return count;
}

Result<std::size_t> Namespace::write(OpenFile& file, std::span<const std::byte> from) {
  TRY(writable(file));
  return file.mount->run_alone(file.turn, [&]() -> Result<std::size_t> {
    if (has(file.mode, OpenMode::append)) file.position = TRY(file.mount->filesystem->attributes(file.node)).size;
    const std::size_t count = TRY(put(file, file.position, from));
    file.position += count;
    return count;
  });
}

Result<std::size_t> Namespace::write_at(OpenFile& file, std::uint64_t offset, std::span<const std::byte> from) {
  TRY(writable(file));
  if (offset > kMostOffset) return failure(Error::invalid);
  return file.mount->run([&] { return put(file, offset, from); });
}

Result<std::uint64_t> Namespace::seek(OpenFile& file, std::int64_t offset, SeekFrom from) {
  return file.mount->run_alone(file.turn, [&]() -> Result<std::uint64_t> {
    std::uint64_t base = 0;
    if (from == SeekFrom::position) base = file.position;
    if (from == SeekFrom::end) base = TRY(file.mount->filesystem->attributes(file.node)).size;
    const std::uint64_t position = base + static_cast<std::uint64_t>(offset);
    if (position > kMostOffset) return failure(Error::invalid);
    return file.position = position;
  });
}

Result<FileAttributes> Namespace::attributes(OpenFile& file) {
  auto found = file.mount->run([&] { return file.mount->filesystem->attributes(file.node); });
  if (found) found->device = file.mount->number;
  return found;
}

Result<> Namespace::change(OpenFile& file, const AttributeChange& change) {
  if (file.mount->read_only) return failure(Error::read_only);
  return file.mount->run([&] { return file.mount->filesystem->change(file.node, change); });
}

Result<> Namespace::truncate(OpenFile& file, std::uint64_t size) {
  if (!has(file.mode, OpenMode::write)) return failure(Error::invalid);
  TRY(writable(file));
  if (size > kMostOffset) return failure(Error::invalid);
  return file.mount->run([&] { return file.mount->filesystem->truncate(file.node, size); });
}

Result<> Namespace::sync(OpenFile& file) {
  return file.mount->run([&] { return file.mount->filesystem->sync_file(file.node); });
}

Result<Statistics> Namespace::statistics(OpenFile& file) {
  return file.mount->run([&]() -> Result<Statistics> { return file.mount->filesystem->statistics(); });
}

/// Cookies 0 and 1 are those of "." and ".."; the filesystem's come behind them.
Result<> Namespace::read_directory(OpenFile& file, EntrySink sink) {
  constexpr std::uint64_t kDots = 2;
  constexpr std::string_view names[kDots] = {".", ".."};
  if (file.type != FileType::directory) return failure(Error::not_directory);
  struct Shifted {
    EntrySink sink;
    OpenFile& file;
  } shifted{sink, file};
  return file.mount->run_alone(file.turn, [&]() -> Result<> {
    const std::uint64_t inode = TRY(file.mount->filesystem->attributes(file.node)).inode;
    for (; file.position < kDots; ++file.position)
      if (!sink.add(sink.context, names[file.position], {0, FileType::directory}, inode, file.position + 1)) return {};
    const auto add = [](void* context, std::string_view name, Found found, std::uint64_t number, std::uint64_t next) {
      auto& to = *static_cast<Shifted*>(context);
      if (!to.sink.add(to.sink.context, name, found, number, next + kDots)) return false;
      to.file.position = next + kDots;
      return true;
    };
    return file.mount->filesystem->read_directory(file.node, file.position - kDots, {&shifted, add});
  });
}

}  // namespace toro::filesystem
