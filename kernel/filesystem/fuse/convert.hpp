// FUSE's attributes and times, and the kernel's.
#pragma once

#include "kernel/filesystem/filesystem.hpp"
#include "kernel/filesystem/fuse/protocol.hpp"

namespace toro::filesystem::fuse {

[[nodiscard]] FileType type_of(std::uint32_t mode);
[[nodiscard]] FileAttributes attributes_of(const WireAttributes& from);
/// The moment behind `begin` up to which something is valid; far away where the server says so.
[[nodiscard]] std::int64_t valid_until(std::int64_t begin, std::uint64_t seconds, std::uint32_t nanoseconds);

struct WireTime {
  std::uint64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
};
[[nodiscard]] WireTime wire_time(std::int64_t nanoseconds);

}  // namespace toro::filesystem::fuse
