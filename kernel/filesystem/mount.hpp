// A mounted filesystem: where it is mounted, and on which core it runs.
#pragma once

#include <atomic>
#include <optional>

#include "kernel/filesystem/array.hpp"
#include "kernel/filesystem/filesystem.hpp"

namespace toro::filesystem {

/// Calls `function(context)` on the mount's core, one call at a time. What was changed is written some seconds later.
/// The kernel's, or a test's.
struct Mount;
void call_on_mount(Mount& mount, void (*function)(void* context), void* context);

struct Mount {
  Filesystem* filesystem = nullptr;
  Text path;    ///< canonical, without a slash at its end: empty for "/"
  Text source;  ///< what is mounted, for people: "virtio-blk 0"
  const char* kind = "";
  std::uint32_t core = 0;
  std::uint32_t number = 0;
  bool read_only = false;
  std::atomic<std::uint32_t> open = 0;  ///< files and walks that use it
  Mount* next = nullptr;
  // call_on_mount's:
  bool busy = false;
  void* waiters[2] = {};

  /// What `f` returns, called on the mount's core while no other call is in the filesystem.
  template <class F>
  auto run(F f) -> decltype(f()) {
    struct Call {
      F& f;
      std::optional<decltype(f())> result;
    } call{f, {}};
    call_on_mount(
        *this, [](void* context) { static_cast<Call*>(context)->result.emplace(static_cast<Call*>(context)->f()); },
        &call);
    return std::move(*call.result);
  }
};

}  // namespace toro::filesystem
