// Filesystems that are mounted: on which directory, from what, on which core.
#pragma once

#include <cstdint>
#include <string_view>

#include "toro/file.hpp"

namespace toro {

struct MountOptions {
  std::string_view kind{};  ///< "ext2", "memory", …; empty: whichever knows its own in `source`
  std::uint32_t core = 0;   ///< the filesystem runs there, calls of threads of other cores are carried; below cores()
  bool read_only = false;
};

/// Mounts the filesystem of `source` on the directory `path`, whose entries are not seen while it is mounted. `source`
/// names a disk by BlockDevice::identity(), the serial number at its end, or name(): "disk0", "virtio-blk 0".
/// `invalid`: no such core, kind or filesystem in there, of which the console may know more; `no_device`; `busy`:
/// something is mounted there, or the device is in use. Read-only without being asked where it cannot be written.
/// Threads.
[[nodiscard]] FileResult<void> mount(std::string_view source, std::string_view path, const MountOptions& options = {});

/// Writes all that is not on the medium yet, marks it as left in order, and forgets it. `path` is where it was mounted,
/// else `invalid`; `busy` while anything of it is open or mounted on. Threads.
[[nodiscard]] FileResult<void> unmount(std::string_view path);

}  // namespace toro
