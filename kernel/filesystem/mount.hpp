// A mounted filesystem: where it is mounted, and on which core it runs.
#pragma once

#include <atomic>
#include <optional>

#include "kernel/filesystem/array.hpp"
#include "kernel/filesystem/filesystem.hpp"

namespace toro::filesystem {

/// Whose calls come one at a time. Zeroed memory is one.
struct Turn {
  bool busy = false;
  void* waiters[2] = {};
};

/// Calls `function(context)` on the mount's core, when it is the call's turn; null: at once. What was changed is
/// written some seconds later. The kernel's, or a test's.
struct Mount;
void call_on_mount(Mount& mount, Turn* turn, void (*function)(void* context), void* context);

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
  Turn turn;

  /// Calls may begin while others wait.
  [[nodiscard]] bool overlaps() const { return filesystem != nullptr && filesystem->overlaps(); }

  /// What `f` returns, called on the mount's core while no other call is in the filesystem, unless calls may overlap.
  template <class F>
  auto run(F f) -> decltype(f()) {
    return run(overlaps() ? nullptr : &turn, f);
  }
  /// The same; where calls overlap, while no other call has the turn of `file`, for what moves its position.
  template <class F>
  auto run_alone(Turn& file, F f) -> decltype(f()) {
    return run(overlaps() ? &file : &turn, f);
  }

 private:
  template <class F>
  auto run(Turn* whose, F& f) -> decltype(f()) {
    struct Call {
      F& f;
      std::optional<decltype(f())> result;
    } call{f, {}};
    call_on_mount(
        *this, whose,
        [](void* context) { static_cast<Call*>(context)->result.emplace(static_cast<Call*>(context)->f()); }, &call);
    return std::move(*call.result);
  }
};

}  // namespace toro::filesystem
