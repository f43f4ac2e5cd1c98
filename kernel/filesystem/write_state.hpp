// Whether a filesystem on a disk may still be changed, and has changes that are not on the medium.
#pragma once

#include "kernel/filesystem/block_cache.hpp"
#include "kernel/filesystem/kinds.hpp"

namespace toro::filesystem {

/// One caller at a time.
class WriteState {
 public:
  WriteState(Medium& medium, Access access)
      : medium_(medium), access_(medium.is_read_only() ? Access::read_only : access) {}

  [[nodiscard]] Access access() const { return access_; }
  [[nodiscard]] bool has_changes() const { return unsynced_ && access_ == Access::read_write; }

  /// Before each change: whether it may be made. `read_only` when not.
  [[nodiscard]] Result<> begin_change(const BlockCache& cache);
  /// The filesystem is only read from now on, which is told once with the reason.
  void turn_read_only(std::string_view why);
  /// The same, and is as it should be.
  void close() { access_ = Access::read_only; }

  /// All that was changed is on the medium when this returns; `save()` puts into the cache what is kept elsewhere.
  template <class F>
  [[nodiscard]] Result<> sync(BlockCache& cache, F save) {
    if (has_failed(cache)) return failure(Error::io_error);
    if (!unsynced_) return {};
    if (access_ == Access::read_only) return failure(Error::io_error);  // damage was found before it was written
    TRY(save());
    const auto done = cache.sync();
    if (has_failed(cache)) return failure(Error::io_error);
    unsynced_ = !done;
    return done;
  }

 private:
  [[nodiscard]] bool has_failed(const BlockCache& cache);

  Medium& medium_;
  Access access_;
  bool unsynced_ = false;
  bool failed_ = false;  ///< writes were lost
};

}  // namespace toro::filesystem
