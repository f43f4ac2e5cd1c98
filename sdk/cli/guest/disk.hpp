// `--disk`: image files that become disks of the guest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cli/guest/mount_wish.hpp"

namespace toro::cli {

struct Disk {
  std::string image;           ///< absolute; `${run}` stands for the run's folder
  std::string format = "raw";  ///< as QEMU calls it: "raw", "qcow2"; "vvfat" for a folder
  bool read_only = false;
  std::uint64_t new_bytes = 0;  ///< not 0: made, empty and of this size, when the guest starts
  std::optional<MountWish> mount{};
};

/// The format of an image whose first bytes are `head`: "raw", "qcow2", or a name for what QEMU may know but is none of
/// these two ("VMDK").
std::string_view recognise_image(std::string_view head);

/// What `--disk` says: IMG, IMG:ro, or a size such as 64M for a new, empty disk that ends with the guest; behind it
/// what it is to be mounted as and where, IMG:ext2:/data, one of which may be left out; IMG:p1:ext2 for a partition.
/// A folder, DIR:fat, becomes a disk with a FAT16 partition that is only read. `number` is that of the disk.
/// Throws Failure with one sentence when there is no such image, it is in use, or of another format.
Disk find_disk(const std::string& text, unsigned number);

/// Throws Failure where `disk` and one of the `others` are one image that not both only read.
void require_other_images(const Disk& disk, const std::vector<Disk>& others);

/// QEMU's words for the image, as a value of -blockdev, named `node`; `aio` as choose_asynchronous_io() says it.
std::string blockdev(const Disk& disk, const std::string& node, std::string_view aio);

/// The file of an image; `run` replaces `${run}`.
std::string image_in(const Disk& disk, const std::string& run);

/// Makes the new disks of a run, empty; `run` replaces `${run}`. Throws Failure.
void make_disk(const Disk& disk, const std::string& run);

}  // namespace toro::cli
