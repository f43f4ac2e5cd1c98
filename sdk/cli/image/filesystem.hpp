// Filesystems that are made on the host: `--disk 64M:ext2`, `toro image make-disk`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sdk/cli/host/event_loop.hpp"

namespace toro::cli {

/// The commands that make a filesystem of `kind` in `image`, which is there and as long as it is to be; with what lies
/// in `folder`, if that is not empty. Kinds are "ext2", "fat" (FAT12, FAT16 or FAT32, as the size asks for) and
/// "fat32". Programs are first words, without their folders.
std::vector<std::vector<std::string>> filesystem_commands(const std::string& kind, const std::filesystem::path& image,
                                                          const std::filesystem::path& folder);

/// Runs them. Throws Failure where that is not possible.
void make_filesystem(EventLoop& loop, const std::string& kind, const std::filesystem::path& image,
                     const std::filesystem::path& folder);

/// The least bytes of a disk with such a filesystem.
std::uintmax_t least_disk_bytes(const std::string& kind);

/// Bytes of a disk with room for what lies in `folder`, and for half as much again.
std::uintmax_t disk_bytes_for(const std::string& kind, const std::filesystem::path& folder);

}  // namespace toro::cli
