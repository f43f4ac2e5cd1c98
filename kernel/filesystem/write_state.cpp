// Whether a filesystem on a disk may still be changed.
#include "kernel/filesystem/write_state.hpp"

#include "kernel/lib/format.hpp"

namespace toro::filesystem {

Result<> WriteState::begin_change(const BlockCache& cache) {
  if (has_failed(cache) || access_ == Access::read_only) return failure(Error::read_only);
  unsynced_ = true;
  return {};
}

void WriteState::turn_read_only(std::string_view why) {
  if (access_ == Access::read_only) return;
  access_ = Access::read_only;
  FixedString<160> what;
  what.print("is only read from now on: {}", why);
  report(medium_.name(), what.view());
}

/// Tells once that writes were lost.
bool WriteState::has_failed(const BlockCache& cache) {
  if (cache.has_failed() && !failed_) {
    failed_ = true;
    turn_read_only("a write failed, and what was written last may be lost");
  }
  return failed_;
}

}  // namespace toro::filesystem
