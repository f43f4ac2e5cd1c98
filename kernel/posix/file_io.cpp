// System calls on descriptors. What is the console's goes to files.cpp.
#include "kernel/posix/file_calls.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;
using filesystem::names;
using FileFailure = filesystem::Error;

constexpr std::size_t kMostVectors = 1024;  // IOV_MAX

/// What a handler of the console says, which knows it as descriptor 0.
FileResult of_console(Handler handler, const SyscallFrame& frame) {
  SyscallFrame copy = frame;
  copy.rdi = 0;
  const Result result = handler(copy);
  if (result < 0) return failure(static_cast<FileFailure>(-result));
  return result;
}

FileResult counted(filesystem::Result<std::size_t> result) {
  return result.transform([](std::size_t count) { return static_cast<std::int64_t>(count); });
}
FileResult done(filesystem::Result<> result) {
  return result.transform([] { return std::int64_t{0}; });
}

IoVector vector_of(const SyscallFrame& frame) {
  return {frame.pointer<std::byte>(1), frame.argument(2)};
}
filesystem::Result<std::span<const IoVector>> vectors_of(const SyscallFrame& frame) {
  if (frame.argument(2) > kMostVectors) return failure(FileFailure::invalid);
  return std::span{frame.pointer<const IoVector>(1), frame.argument(2)};
}

/// `transfer(bytes, moved)` for each part of the vectors, until one is not moved as a whole.
template <class F>
FileResult each_vector(const SyscallFrame& frame, F transfer) {
  std::size_t moved = 0;
  for (const IoVector& vector : TRY(vectors_of(frame))) {
    if (vector.size == 0) continue;
    const filesystem::Result<std::size_t> count = transfer(std::span{vector.base, vector.size}, moved);
    if (!count && moved == 0) return failure(count.error());
    if (!count) break;
    moved += *count;
    if (*count < vector.size) break;
  }
  return static_cast<std::int64_t>(moved);
}

std::span<std::byte> bytes_of(const SyscallFrame& frame) {
  return {frame.pointer<std::byte>(1), frame.argument(2)};
}
filesystem::Result<Descriptor> file_of(const SyscallFrame& frame) {
  auto descriptor = Descriptor::find(frame.value<std::int32_t>(0));
  if (descriptor && !descriptor->is_file()) return failure(FileFailure::illegal_seek);
  return descriptor;
}

}  // namespace

FileResult call_read(SyscallFrame& frame) {
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (file.is_console()) return of_console(sys_read, frame);
  if (Stream* const stream = file.stream()) {
    const IoVector vector = vector_of(frame);
    return stream->read({&vector, 1});
  }
  return counted(names().read(*file, bytes_of(frame)));
}

FileResult call_write(SyscallFrame& frame) {
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (file.is_console()) return of_console(sys_write, frame);
  if (Stream* const stream = file.stream()) {
    const IoVector vector = vector_of(frame);
    return stream->write({&vector, 1});
  }
  return counted(names().write(*file, bytes_of(frame)));
}

FileResult call_readv(SyscallFrame& frame) {
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (file.is_console()) return of_console(sys_readv, frame);
  if (Stream* const stream = file.stream()) return stream->read(TRY(vectors_of(frame)));
  return each_vector(frame, [&](std::span<std::byte> to, std::size_t) { return names().read(*file, to); });
}

FileResult call_writev(SyscallFrame& frame) {
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (file.is_console()) return of_console(sys_writev, frame);
  if (Stream* const stream = file.stream()) return stream->write(TRY(vectors_of(frame)));
  return each_vector(frame, [&](std::span<std::byte> from, std::size_t) { return names().write(*file, from); });
}

FileResult call_pread(SyscallFrame& frame) {
  const auto file = TRY(file_of(frame));
  return counted(names().read_at(*file, frame.argument(3), bytes_of(frame)));
}

FileResult call_pwrite(SyscallFrame& frame) {
  const auto file = TRY(file_of(frame));
  return counted(names().write_at(*file, frame.argument(3), bytes_of(frame)));
}

FileResult call_preadv(SyscallFrame& frame) {
  const auto file = TRY(file_of(frame));
  return each_vector(frame, [&](std::span<std::byte> to, std::size_t moved) {
    return names().read_at(*file, frame.argument(3) + moved, to);
  });
}

FileResult call_pwritev(SyscallFrame& frame) {
  const auto file = TRY(file_of(frame));
  return each_vector(frame, [&](std::span<std::byte> from, std::size_t moved) {
    return names().write_at(*file, frame.argument(3) + moved, from);
  });
}

FileResult call_lseek(SyscallFrame& frame) {
  const auto file = TRY(file_of(frame));
  const auto whence = frame.value<std::uint32_t>(2);
  if (whence > std::to_underlying(SeekFrom::end)) return failure(FileFailure::invalid);
  return names()
      .seek(*file, frame.value<std::int64_t>(1), static_cast<SeekFrom>(whence))
      .transform([](std::uint64_t at) { return static_cast<std::int64_t>(at); });
}

FileResult call_ftruncate(SyscallFrame& frame) {
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (!file.is_file()) return failure(FileFailure::invalid);
  return done(names().truncate(*file, frame.argument(1)));
}

FileResult call_fsync(SyscallFrame& frame) {
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (!file.is_file()) return failure(FileFailure::invalid);
  return done(names().sync(*file));
}

FileResult call_sync(SyscallFrame&) {
  return done(names().sync());
}

FileResult call_close(SyscallFrame& frame) {
  return close_descriptor(frame.value<std::int32_t>(0));
}

FileResult call_ioctl(SyscallFrame& frame) {
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (file.is_console()) return of_console(sys_ioctl, frame);
  if (Stream* const stream = file.stream())
    return stream->control(frame.value<std::uint32_t>(1), frame.pointer<void>(2));
  return failure(kNotATerminal);
}

FileResult call_fcntl(SyscallFrame& frame) {
  enum Command : std::uint32_t {
    kDuplicate = 0,
    kGetDescriptorFlags = 1,
    kSetDescriptorFlags = 2,
    kGetFlags = 3,
    kSetFlags = 4,
    kGetLock = 5,
    kSetLock = 6,
    kSetLockAndWait = 7,
    kDuplicateCloseOnExec = 1030,
  };
  constexpr std::uint32_t kAppend = 02000;
  constexpr std::uint32_t kNonBlocking = 04000;
  constexpr std::int16_t kUnlocked = 2;  // F_UNLCK, in the first field of struct flock
  const auto number = frame.value<std::int32_t>(0);
  auto file = TRY(Descriptor::find(number));
  switch (frame.value<std::uint32_t>(1)) {
    case kDuplicate:
      return file.duplicate(frame.value<std::int32_t>(2), false);
    case kDuplicateCloseOnExec:
      return file.duplicate(frame.value<std::int32_t>(2), true);
    case kGetDescriptorFlags:
      return TRY(closes_on_exec(number)) ? 1 : 0;
    case kSetDescriptorFlags:
      return set_close_on_exec(number, (frame.argument(2) & 1) != 0);
    case kGetFlags: {
      if (file.is_console()) return 2;
      if (const Stream* const stream = file.stream()) return 2 | (stream->is_non_blocking ? kNonBlocking : 0);
      const bool reads = has(file->mode, OpenMode::read);
      const bool writes = has(file->mode, OpenMode::write);
      const std::int64_t access = writes ? (reads ? 2 : 1) : 0;
      return access | (has(file->mode, OpenMode::append) ? kAppend : 0);
    }
    case kSetFlags: {
      if (file.is_console()) return 0;
      if (Stream* const stream = file.stream()) {
        stream->is_non_blocking = (frame.argument(2) & kNonBlocking) != 0;
        return 0;
      }
      const auto without =
          static_cast<OpenMode>(std::to_underlying(file->mode) & ~std::to_underlying(OpenMode::append));
      file->mode = (frame.argument(2) & kAppend) != 0 ? without | OpenMode::append : without;
      return 0;
    }
    case kGetLock:  // there is no other process that could hold one
      *frame.pointer<std::int16_t>(2) = kUnlocked;
      return 0;
    case kSetLock:
    case kSetLockAndWait:
      return 0;
    default:
      return failure(FileFailure::invalid);
  }
}

FileResult call_dup(SyscallFrame& frame) {
  auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  return file.duplicate(0, false);
}

FileResult call_dup2(SyscallFrame& frame) {
  auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (frame.value<std::int32_t>(0) == frame.value<std::int32_t>(1)) return frame.value<std::int32_t>(1);
  return file.duplicate_to(frame.value<std::int32_t>(1), false);
}

FileResult call_dup3(SyscallFrame& frame) {
  constexpr std::uint32_t kCloseOnExec = 02000000;
  auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (frame.value<std::int32_t>(0) == frame.value<std::int32_t>(1)) return failure(FileFailure::invalid);
  return file.duplicate_to(frame.value<std::int32_t>(1), (frame.argument(2) & kCloseOnExec) != 0);
}

/// [getdents(2), struct linux_dirent64]
FileResult call_getdents64(SyscallFrame& frame) {
  struct Record {
    std::uint64_t inode;
    std::uint64_t next;
    std::uint16_t size;
    std::uint8_t type;
  };
  constexpr std::size_t kName = 19;
  struct Buffer {
    std::span<std::byte> bytes;
    std::size_t used = 0;
    bool full = false;
  } buffer{.bytes = bytes_of(frame)};
  const auto add = [](void* context, std::string_view name, filesystem::Found found, std::uint64_t inode,
                      std::uint64_t next) {
    auto& to = *static_cast<Buffer*>(context);
    const std::size_t size = (kName + name.size() + 1 + 7) / 8 * 8;
    to.full = size > to.bytes.size() - to.used;
    if (to.full) return false;
    std::byte* const at = to.bytes.data() + to.used;
    std::memset(at, 0, size);
    const Record record{inode, next, static_cast<std::uint16_t>(size), std::to_underlying(found.type)};
    std::memcpy(at, &record, kName);
    std::memcpy(at + kName, name.data(), name.size());
    to.used += size;
    return true;
  };
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (!file.is_file()) return failure(FileFailure::not_directory);
  TRY(names().read_directory(*file, {&buffer, add}));
  if (buffer.used == 0 && buffer.full) return failure(FileFailure::invalid);
  return static_cast<std::int64_t>(buffer.used);
}

}  // namespace toro::posix
