// A lock that two runs of the tool on one folder share; it goes with the process that holds it.
#pragma once

#include <filesystem>
#include <functional>

#include "sdk/cli/host/event_loop.hpp"

namespace toro::cli {

class FileLock {
 public:
  /// Waits for the lock; calls `waiting` once when it is not free at once.
  FileLock(EventLoop& loop, const std::filesystem::path& file, const std::function<void()>& waiting);

 private:
  FileDescriptor file_;
};

}  // namespace toro::cli
