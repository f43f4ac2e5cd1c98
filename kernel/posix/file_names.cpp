// System calls on names of files.
#include "kernel/posix/file_calls.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;
using filesystem::Last;
using filesystem::names;
using FileFailure = filesystem::Error;

constinit std::atomic<std::uint32_t> mask = 022;

FileResult done(filesystem::Result<> result) {
  return result.transform([] { return std::int64_t{0}; });
}

std::uint32_t masked(std::uint64_t permissions) {
  return static_cast<std::uint32_t>(permissions) & ~mask.load(std::memory_order_relaxed);
}

/// [open(2), Linux include/uapi/asm-generic/fcntl.h]
struct OpenFlags {
  std::uint32_t bits;

  static constexpr std::uint32_t kAccess = 3, kCloseOnExec = 02000000;
  static constexpr std::uint32_t kReads[] = {1, 0, 1, 0}, kWrites[] = {0, 1, 1, 0};

  [[nodiscard]] OpenMode mode() const {
    static constexpr struct {
      std::uint32_t flag;
      OpenMode mode;
    } kFlags[] = {
        {02000, OpenMode::append},       {0100, OpenMode::create},       {0200, OpenMode::exclusive},
        {01000, OpenMode::truncate},     {0200000, OpenMode::directory}, {0400000, OpenMode::no_follow},
        {010000, OpenMode::synchronous},  // O_DSYNC, which O_SYNC has too
    };
    OpenMode mode{};
    if (kReads[bits & kAccess] != 0) mode = mode | OpenMode::read;
    if (kWrites[bits & kAccess] != 0) mode = mode | OpenMode::write;
    for (const auto& known : kFlags)
      if ((bits & known.flag) != 0) mode = mode | known.mode;
    return mode;
  }
};

FileResult open(std::int32_t directory, const char* path, std::uint32_t flags, std::uint64_t permissions) {
  const auto at = TRY(Location::of(directory, path));
  const bool close_on_exec = (flags & OpenFlags::kCloseOnExec) != 0;
  auto descriptor = TRY(NewDescriptor::reserve());
  if (const auto device = open_device(path)) return descriptor.open(*TRY(*device), close_on_exec);
  auto* const file = TRY(names().open(at.view(), OpenFlags{flags}.mode(), masked(permissions)));
  return descriptor.open(*file, close_on_exec);
}

FileResult make_directory(std::int32_t directory, const char* path, std::uint64_t permissions) {
  const auto at = TRY(Location::of(directory, path));
  return done(names().make_directory(at.view(), masked(permissions)));
}

FileResult unlink(std::int32_t directory, const char* path, bool is_directory) {
  const auto at = TRY(Location::of(directory, path));
  return done(names().unlink(at.view(), is_directory));
}

FileResult rename(std::int32_t from, const char* path, std::int32_t to, const char* new_path) {
  const auto source = TRY(Location::of(from, path));
  const auto target = TRY(Location::of(to, new_path));
  return done(names().rename(source.view(), target.view()));
}

FileResult link(std::int32_t from, const char* path, std::int32_t to, const char* new_path, Last last) {
  const auto existing = TRY(Location::of(from, path));
  const auto target = TRY(Location::of(to, new_path));
  return done(names().link(existing.view(), last, target.view()));
}

FileResult symlink(const char* target, std::int32_t directory, const char* path) {
  const auto at = TRY(Location::of(directory, path));
  return done(names().make_symlink(target, at.view()));
}

FileResult read_link(std::int32_t directory, const char* path, std::span<char> to) {
  if (to.empty()) return failure(FileFailure::invalid);
  const auto at = TRY(Location::of(directory, path));
  const std::size_t size = TRY(names().read_link(at.view(), to));
  return static_cast<std::int64_t>(size < to.size() ? size : to.size());
}

}  // namespace

filesystem::Result<Location> Location::of(std::int32_t directory, const char* path) {
  if (path == nullptr) return failure(static_cast<FileFailure>(14));  // EFAULT
  if (path[0] == '/') return Location{{}, path};
  if (directory == kWorkingDirectory) return Location{TRY(filesystem::working_directory()), path};
  const auto file = TRY(Descriptor::find(directory));
  if (!file.is_file() || file->type != FileType::directory) return failure(FileFailure::not_directory);
  return Location{TRY(filesystem::Text::copy(file->path.view())), path};
}

FileResult call_open(SyscallFrame& frame) {
  return open(kWorkingDirectory, frame.pointer<const char>(0), frame.value<std::uint32_t>(1), frame.argument(2));
}
FileResult call_openat(SyscallFrame& frame) {
  return open(frame.value<std::int32_t>(0), frame.pointer<const char>(1), frame.value<std::uint32_t>(2),
              frame.argument(3));
}
FileResult call_creat(SyscallFrame& frame) {
  constexpr std::uint32_t kFlags = 01 | 0100 | 01000;  // O_WRONLY, O_CREAT, O_TRUNC
  return open(kWorkingDirectory, frame.pointer<const char>(0), kFlags, frame.argument(1));
}

FileResult call_mkdir(SyscallFrame& frame) {
  return make_directory(kWorkingDirectory, frame.pointer<const char>(0), frame.argument(1));
}
FileResult call_mkdirat(SyscallFrame& frame) {
  return make_directory(frame.value<std::int32_t>(0), frame.pointer<const char>(1), frame.argument(2));
}

FileResult call_rmdir(SyscallFrame& frame) {
  return unlink(kWorkingDirectory, frame.pointer<const char>(0), true);
}
FileResult call_unlink(SyscallFrame& frame) {
  return unlink(kWorkingDirectory, frame.pointer<const char>(0), false);
}
FileResult call_unlinkat(SyscallFrame& frame) {
  return unlink(frame.value<std::int32_t>(0), frame.pointer<const char>(1),
                (frame.argument(2) & kRemoveDirectory) != 0);
}

FileResult call_rename(SyscallFrame& frame) {
  return rename(kWorkingDirectory, frame.pointer<const char>(0), kWorkingDirectory, frame.pointer<const char>(1));
}
FileResult call_renameat(SyscallFrame& frame) {
  return rename(frame.value<std::int32_t>(0), frame.pointer<const char>(1), frame.value<std::int32_t>(2),
                frame.pointer<const char>(3));
}

FileResult call_link(SyscallFrame& frame) {
  return link(kWorkingDirectory, frame.pointer<const char>(0), kWorkingDirectory, frame.pointer<const char>(1),
              Last::keep);
}
FileResult call_linkat(SyscallFrame& frame) {
  return link(frame.value<std::int32_t>(0), frame.pointer<const char>(1), frame.value<std::int32_t>(2),
              frame.pointer<const char>(3), (frame.argument(4) & kFollow) != 0 ? Last::follow : Last::keep);
}

FileResult call_symlink(SyscallFrame& frame) {
  return symlink(frame.pointer<const char>(0), kWorkingDirectory, frame.pointer<const char>(1));
}
FileResult call_symlinkat(SyscallFrame& frame) {
  return symlink(frame.pointer<const char>(0), frame.value<std::int32_t>(1), frame.pointer<const char>(2));
}

FileResult call_readlink(SyscallFrame& frame) {
  return read_link(kWorkingDirectory, frame.pointer<const char>(0), {frame.pointer<char>(1), frame.argument(2)});
}
FileResult call_readlinkat(SyscallFrame& frame) {
  return read_link(frame.value<std::int32_t>(0), frame.pointer<const char>(1),
                   {frame.pointer<char>(2), frame.argument(3)});
}

FileResult call_truncate(SyscallFrame& frame) {
  const auto at = TRY(Location::of(kWorkingDirectory, frame.pointer<const char>(0)));
  if (frame.value<std::int64_t>(1) < 0) return failure(FileFailure::invalid);
  return done(names().truncate(at.view(), frame.argument(1)));
}

FileResult call_getcwd(SyscallFrame& frame) {
  const auto directory = TRY(filesystem::working_directory());
  const std::string_view path = directory.view().empty() ? "/" : directory.view();
  if (frame.argument(1) <= path.size()) return failure(FileFailure::result_too_large);
  std::memcpy(frame.pointer<char>(0), path.data(), path.size());
  frame.pointer<char>(0)[path.size()] = '\0';
  return static_cast<std::int64_t>(path.size() + 1);
}

FileResult call_chdir(SyscallFrame& frame) {
  const auto at = TRY(Location::of(kWorkingDirectory, frame.pointer<const char>(0)));
  return done(filesystem::change_working_directory(at.view()));
}
FileResult call_fchdir(SyscallFrame& frame) {
  const auto at = TRY(Location::of(frame.value<std::int32_t>(0), "."));
  return done(filesystem::change_working_directory(at.view()));
}

FileResult call_umask(SyscallFrame& frame) {
  return mask.exchange(frame.value<std::uint32_t>(0) & 0777);
}

}  // namespace toro::posix
