// What the guest is asked to mount before main runs: `--disk IMG:FS:PATH`, `--share DIR:PATH`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace toro::cli {

struct MountWish {
  std::string kind;    ///< "ext2", …; empty: the guest finds out
  std::string source;  ///< as the guest names it: "disk0"
  std::string place;   ///< a path; directories on the way are made
};

/// The kernel's option that says so. [kernel/filesystem/mounting.hpp]
std::string mount_option(const MountWish& wish);

/// The kinds of filesystems on disks that the kernel has.
bool is_disk_filesystem(std::string_view name);

/// What an option says behind the name of a file: takes `:ro`, `:pNUMBER` (a partition), `:KIND` and `:PATH` from the
/// end of `text`, in any order.
struct MountSuffix {
  bool read_only = false;
  std::string partition;  ///< "p1"; empty: the whole disk
  std::optional<std::string> kind;
  std::optional<std::string> place;
};
MountSuffix take_mount_suffix(std::string& text);

}  // namespace toro::cli
