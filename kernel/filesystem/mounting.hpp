// Filesystems are mounted and unmounted: by the application, by the command line, and at the machine's end.
#pragma once

#include "kernel/filesystem/kernel.hpp"
#include "kernel/include/toro/mount.hpp"

namespace toro::filesystem {

/// toro::mount(), with paths as system calls have them. Threads.
[[nodiscard]] Result<> mount(std::string_view source, Path path, const MountOptions& options);
[[nodiscard]] Result<> unmount(Path path);

/// Mounts what the options `toro.mount=KIND:SOURCE:PATH` ask for; directories on the way are made. What cannot be
/// mounted is reported, and boot goes on. A thread.
void mount_what_command_line_says();
[[nodiscard]] bool command_line_mounts();

}  // namespace toro::filesystem
