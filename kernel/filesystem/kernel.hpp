// The one namespace of the machine.
#pragma once

#include "kernel/filesystem/namespace.hpp"

namespace toro::filesystem {

/// "/" in memory, with /tmp and the files that the image carries, and what the command line mounts: waits until that is
/// there. Threads.
[[nodiscard]] Namespace& names();
/// The same without waiting, for what mounts.
[[nodiscard]] Namespace& names_at_boot();

/// The same for kernel/tables: null before that.
extern Namespace* the_names;

/// The directory that relative paths start in: its canonical path. Threads.
[[nodiscard]] Result<Text> working_directory();
[[nodiscard]] Result<> change_working_directory(Path path);

/// Makes ready that calls of other cores are served on this one, by a thread that calls `first` before. From a thread,
/// a message or at boot.
void serve_other_cores(void (*first)() = nullptr);

/// `f(path)`, where relative paths start in the working directory. Threads.
template <class F>
auto with_start(std::string_view path, F f) -> decltype(f(Path{})) {
  if (path.starts_with('/')) return f(Path{"", path});
  const Text start = TRY(working_directory());
  return f(Path{start.view(), path});
}

}  // namespace toro::filesystem
