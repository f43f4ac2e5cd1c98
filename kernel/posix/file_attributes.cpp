// System calls on what is known of files.
#include "kernel/posix/file_calls.hpp"

namespace toro::posix {
namespace {

using filesystem::AttributeChange;
using filesystem::failure;
using filesystem::Last;
using filesystem::names;
using FileFailure = filesystem::Error;

struct TimeSpec {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};
constexpr std::int64_t kSecond = 1'000'000'000;

TimeSpec time_spec_of(std::int64_t time) {
  const std::int64_t part = time % kSecond;
  return part < 0 ? TimeSpec{time / kSecond - 1, part + kSecond} : TimeSpec{time / kSecond, part};
}

/// [Linux arch/x86/include/uapi/asm/stat.h]
struct Stat {
  std::uint64_t device, inode, links;
  std::uint32_t mode, user, group, padding;
  std::uint64_t special_device;
  std::int64_t size, block_size, blocks;
  TimeSpec accessed, modified, changed;
  std::int64_t unused[3];
};
static_assert(sizeof(Stat) == 144 && offsetof(Stat, size) == 48);

/// [Linux include/uapi/linux/stat.h]
struct StatX {
  struct Time {
    std::int64_t seconds;
    std::uint32_t nanoseconds;
    std::int32_t reserved;
  };
  std::uint32_t mask, block_size;
  std::uint64_t attributes;
  std::uint32_t links, user, group;
  std::uint16_t mode, padding;
  std::uint64_t inode, size, blocks, attributes_mask;
  Time accessed, born, changed, modified;
  std::uint32_t special_major, special_minor, device_major, device_minor;
  std::uint64_t spare[14];
};
static_assert(sizeof(StatX) == 256 && offsetof(StatX, accessed) == 64);

std::uint32_t mode_of(const FileAttributes& of) {
  return std::uint32_t{std::to_underlying(of.type)} << 12 | of.mode;
}

void put_stat(void* to, const FileAttributes& of) {
  *static_cast<Stat*>(to) = {
      .device = of.device,
      .inode = of.inode,
      .links = of.links,
      .mode = mode_of(of),
      .user = of.user,
      .group = of.group,
      .padding = 0,
      .special_device = 0,
      .size = static_cast<std::int64_t>(of.size),
      .block_size = of.block_size,
      .blocks = static_cast<std::int64_t>(of.allocated / 512),
      .accessed = time_spec_of(of.accessed),
      .modified = time_spec_of(of.modified),
      .changed = time_spec_of(of.changed),
      .unused = {},
  };
}

StatX::Time statx_time_of(std::int64_t time) {
  const TimeSpec spec = time_spec_of(time);
  return {spec.seconds, static_cast<std::uint32_t>(spec.nanoseconds), 0};
}

void put_statx(void* to, const FileAttributes& of) {
  constexpr std::uint32_t kBasicStats = 0x7ff;
  *static_cast<StatX*>(to) = {
      .mask = kBasicStats,
      .block_size = of.block_size,
      .attributes = 0,
      .links = of.links,
      .user = of.user,
      .group = of.group,
      .mode = static_cast<std::uint16_t>(mode_of(of)),
      .padding = 0,
      .inode = of.inode,
      .size = of.size,
      .blocks = of.allocated / 512,
      .attributes_mask = 0,
      .accessed = statx_time_of(of.accessed),
      .born = {},
      .changed = statx_time_of(of.changed),
      .modified = statx_time_of(of.modified),
      .special_major = 0,
      .special_minor = 0,
      .device_major = 0,
      .device_minor = of.device,
      .spare = {},
  };
}

filesystem::Result<FileAttributes> attributes_of(const Descriptor& file) {
  constexpr auto kCharacterDevice = static_cast<FileType>(2);
  constexpr auto kSocket = static_cast<FileType>(12);
  if (file.is_console()) return FileAttributes{.type = kCharacterDevice, .mode = 0620, .block_size = 1024};
  if (!file.is_file()) return FileAttributes{.type = kSocket, .mode = 0777};
  return names().attributes(*file);
}

filesystem::Result<FileAttributes> attributes_at(std::int32_t directory, const char* path, std::uint32_t flags) {
  if ((flags & kEmptyPath) != 0 && path != nullptr && *path == '\0' && directory != kWorkingDirectory)
    return Descriptor::find(directory).and_then(attributes_of);
  const auto at = TRY(Location::of(directory, path));
  return names().attributes(at.view(), (flags & kNoFollow) != 0 ? Last::keep : Last::follow);
}

FileResult stat(SyscallFrame& frame, std::uint32_t flags) {
  put_stat(frame.pointer<Stat>(1), TRY(attributes_at(kWorkingDirectory, frame.pointer<const char>(0), flags)));
  return 0;
}

/// All may be read and written; executed is what anybody may execute.
FileResult access(std::int32_t directory, const char* path, std::uint32_t wanted, std::uint32_t flags) {
  constexpr std::uint32_t kExecute = 1;
  constexpr std::uint32_t kWrite = 2;
  const auto at = TRY(Location::of(directory, path));
  const auto of = TRY(names().attributes(at.view(), (flags & kNoFollow) != 0 ? Last::keep : Last::follow));
  if ((wanted & kWrite) != 0 && TRY(names().statistics(at.view())).read_only) return failure(FileFailure::read_only);
  if ((wanted & kExecute) != 0 && of.type == FileType::regular && (of.mode & 0111) == 0)
    return failure(FileFailure::access);
  return 0;
}

FileResult change(std::int32_t directory, const char* path, std::uint32_t flags, const AttributeChange& change) {
  const auto at = TRY(Location::of(directory, path));
  TRY(names().change(at.view(), (flags & kNoFollow) != 0 ? Last::keep : Last::follow, change));
  return 0;
}

FileResult change(std::int32_t number, const AttributeChange& change) {
  const auto file = TRY(Descriptor::find(number));
  if (!file.is_file()) return failure(FileFailure::invalid);
  TRY(names().change(*file, change));
  return 0;
}

AttributeChange mode_change(std::uint64_t mode) {
  AttributeChange change;
  change.mode = static_cast<std::uint32_t>(mode) & 07777;
  return change;
}

/// -1 leaves it. [chown(2)]
AttributeChange owner_change(std::uint32_t user, std::uint32_t group) {
  AttributeChange change;
  if (user != UINT32_MAX) change.user = user;
  if (group != UINT32_MAX) change.group = group;
  return change;
}

/// [statfs(2)]
struct StatFs {
  std::int64_t kind, block_size;
  std::uint64_t blocks, free, available, files, free_files;
  std::int32_t id[2];
  std::int64_t name_length, fragment_size, flags, spare[4];
};
static_assert(sizeof(StatFs) == 120);

void put_statfs(StatFs& to, const filesystem::Statistics& of) {
  to = {.kind = of.magic,
        .block_size = of.block_size,
        .blocks = of.blocks,
        .free = of.free_blocks,
        .available = of.free_blocks,
        .files = of.files + of.free_files,
        .free_files = of.free_files,
        .id = {},
        .name_length = filesystem::kMostName,
        .fragment_size = of.block_size,
        .flags = of.read_only ? 1 : 0,
        .spare = {}};
}

}  // namespace

FileResult call_stat(SyscallFrame& frame) {
  return stat(frame, 0);
}
FileResult call_lstat(SyscallFrame& frame) {
  return stat(frame, kNoFollow);
}
FileResult call_fstat(SyscallFrame& frame) {
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  put_stat(frame.pointer<Stat>(1), TRY(attributes_of(file)));
  return 0;
}
FileResult call_newfstatat(SyscallFrame& frame) {
  put_stat(frame.pointer<Stat>(2), TRY(attributes_at(frame.value<std::int32_t>(0), frame.pointer<const char>(1),
                                                     frame.value<std::uint32_t>(3))));
  return 0;
}
FileResult call_statx(SyscallFrame& frame) {
  put_statx(frame.pointer<StatX>(4), TRY(attributes_at(frame.value<std::int32_t>(0), frame.pointer<const char>(1),
                                                       frame.value<std::uint32_t>(2))));
  return 0;
}

FileResult call_access(SyscallFrame& frame) {
  return access(kWorkingDirectory, frame.pointer<const char>(0), frame.value<std::uint32_t>(1), 0);
}
FileResult call_faccessat(SyscallFrame& frame) {
  const std::uint32_t flags = frame.number == 439 ? frame.value<std::uint32_t>(3) : 0;
  return access(frame.value<std::int32_t>(0), frame.pointer<const char>(1), frame.value<std::uint32_t>(2), flags);
}

FileResult call_chmod(SyscallFrame& frame) {
  return change(kWorkingDirectory, frame.pointer<const char>(0), 0, mode_change(frame.argument(1)));
}
FileResult call_fchmod(SyscallFrame& frame) {
  return change(frame.value<std::int32_t>(0), mode_change(frame.argument(1)));
}
FileResult call_fchmodat(SyscallFrame& frame) {
  return change(frame.value<std::int32_t>(0), frame.pointer<const char>(1), 0, mode_change(frame.argument(2)));
}
FileResult call_chown(SyscallFrame& frame) {
  return change(kWorkingDirectory, frame.pointer<const char>(0), 0,
                owner_change(frame.value<std::uint32_t>(1), frame.value<std::uint32_t>(2)));
}
FileResult call_fchown(SyscallFrame& frame) {
  return change(frame.value<std::int32_t>(0),
                owner_change(frame.value<std::uint32_t>(1), frame.value<std::uint32_t>(2)));
}
FileResult call_fchownat(SyscallFrame& frame) {
  return change(frame.value<std::int32_t>(0), frame.pointer<const char>(1), frame.value<std::uint32_t>(4),
                owner_change(frame.value<std::uint32_t>(2), frame.value<std::uint32_t>(3)));
}

/// [utimensat(2)]
FileResult call_utimensat(SyscallFrame& frame) {
  constexpr std::int64_t kNow = (1 << 30) - 1;
  constexpr std::int64_t kOmit = (1 << 30) - 2;
  const std::int64_t now = filesystem::wall_clock();
  AttributeChange times;
  times.accessed = times.modified = now;
  if (const auto* given = frame.pointer<const TimeSpec>(2)) {
    std::optional<std::int64_t>* const parts[] = {&times.accessed, &times.modified};
    for (unsigned i = 0; i < 2; ++i) {
      const TimeSpec& time = given[i];
      if (time.nanoseconds == kNow) continue;
      if (time.nanoseconds == kOmit) {
        parts[i]->reset();
        continue;
      }
      std::int64_t value = 0;
      if (time.nanoseconds < 0 || time.nanoseconds >= kSecond ||
          __builtin_mul_overflow(time.seconds, kSecond, &value) ||
          __builtin_add_overflow(value, time.nanoseconds, &value))
        return failure(FileFailure::invalid);
      *parts[i] = value;
    }
  }
  if (frame.pointer<const char>(1) == nullptr) return change(frame.value<std::int32_t>(0), times);
  return change(frame.value<std::int32_t>(0), frame.pointer<const char>(1), frame.value<std::uint32_t>(3), times);
}

FileResult call_statfs(SyscallFrame& frame) {
  const auto at = TRY(Location::of(kWorkingDirectory, frame.pointer<const char>(0)));
  put_statfs(*frame.pointer<StatFs>(1), TRY(names().statistics(at.view())));
  return 0;
}
FileResult call_fstatfs(SyscallFrame& frame) {
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(0)));
  if (!file.is_file()) return failure(FileFailure::invalid);
  put_statfs(*frame.pointer<StatFs>(1), TRY(names().statistics(*file)));
  return 0;
}

}  // namespace toro::posix
