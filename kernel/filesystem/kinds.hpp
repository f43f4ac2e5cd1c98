// The kinds of filesystems that images with files have.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/filesystem/filesystem.hpp"

namespace toro::filesystem {

enum class Access : std::uint8_t { read_write, read_only };

struct Opened {
  Filesystem* filesystem = nullptr;
  Access access = Access::read_write;
};

/// Something that can be mounted.
struct Kind {
  std::string_view name;
  /// Makes a filesystem of what `source` names, in a thread of the core that it will run on; may wait. `no_device`:
  /// there is no such source for this kind; `invalid`: it is not of this kind. What else keeps it from being mounted is
  /// reported here.
  Result<Opened> (*open)(std::string_view source, Access access);
};

/// In the order in which an unknown source is offered to them.
[[nodiscard]] std::span<const Kind> kinds();

}  // namespace toro::filesystem
