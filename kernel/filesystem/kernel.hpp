// The one namespace of the machine.
#pragma once

#include "kernel/filesystem/namespace.hpp"

namespace toro::filesystem {

/// Made by the first call: "/" in memory, with /tmp and the files that the image carries. Threads.
[[nodiscard]] Namespace& names();

/// The same for kernel/tables: null before that.
extern std::atomic<Namespace*> the_names;

/// The directory that relative paths start in: its canonical path. Threads.
[[nodiscard]] Result<Text> working_directory();
[[nodiscard]] Result<> change_working_directory(Path path);

/// Makes ready that calls of other cores are served on this one. From a thread or a message.
void serve_other_cores();

}  // namespace toro::filesystem
