// Filesystems that are made on the host: `--disk 64M:ext2`, `toro image make-disk`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sdk/cli/host/event_loop.hpp"

namespace toro::cli {

/// The command that makes a filesystem of `kind` in `image`, which is there and as long as it is to be; with what lies
/// in `folder`, if that is not empty. The program is the first word, without its folder.
std::vector<std::string> filesystem_command(const std::string& kind, const std::filesystem::path& image,
                                            const std::filesystem::path& folder);

/// Runs it. Throws Failure where that is not possible.
void make_filesystem(EventLoop& loop, const std::string& kind, const std::filesystem::path& image,
                     const std::filesystem::path& folder);

/// Bytes of a disk with room for what lies in `folder`, and for half as much again.
std::uintmax_t disk_bytes_for(const std::filesystem::path& folder);

}  // namespace toro::cli
