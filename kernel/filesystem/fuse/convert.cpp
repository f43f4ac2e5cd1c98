// FUSE's attributes and times, and the kernel's.
#include "kernel/filesystem/fuse/convert.hpp"

#include <algorithm>
#include <limits>

namespace toro::filesystem::fuse {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMostSeconds = std::numeric_limits<std::int64_t>::max() / kSecond - 1;  // the year 2262

/// What lies outside of the kernel's times is the nearest of them.
std::int64_t time_of(std::uint64_t seconds, std::uint32_t nanoseconds) {
  const auto within = std::clamp(static_cast<std::int64_t>(seconds), -kMostSeconds, kMostSeconds);
  return within * kSecond + std::min<std::int64_t>(nanoseconds, kSecond - 1);
}

}  // namespace

FileType type_of(std::uint32_t mode) {
  switch (mode & kKind) {
    case kDirectory:
      return FileType::directory;
    case kRegular:
      return FileType::regular;
    case kSymlink:
      return FileType::symlink;
    default:
      return FileType::unknown;  // devices, pipes and sockets of the host's
  }
}

FileAttributes attributes_of(const WireAttributes& from) {
  return {
      .type = type_of(from.mode),
      .mode = from.mode & 07777U,
      .links = from.links,
      .user = from.user,
      .group = from.group,
      .inode = from.inode,
      .size = from.size,
      .allocated = from.blocks * 512,
      .block_size = from.block_size == 0 ? 4096 : from.block_size,
      .accessed = time_of(from.accessed, from.accessed_nanoseconds),
      .modified = time_of(from.modified, from.modified_nanoseconds),
      .changed = time_of(from.changed, from.changed_nanoseconds),
  };
}

std::int64_t valid_until(std::int64_t begin, std::uint64_t seconds, std::uint32_t nanoseconds) {
  constexpr std::uint64_t kLongest = std::uint64_t{10} * 365 * 86400;
  return begin + time_of(std::min(seconds, kLongest), nanoseconds);
}

WireTime wire_time(std::int64_t nanoseconds) {
  const std::int64_t below = nanoseconds < 0 && nanoseconds % kSecond != 0 ? 1 : 0;
  const std::int64_t seconds = nanoseconds / kSecond - below;
  return {static_cast<std::uint64_t>(seconds), static_cast<std::uint32_t>(nanoseconds - seconds * kSecond)};
}

}  // namespace toro::filesystem::fuse
