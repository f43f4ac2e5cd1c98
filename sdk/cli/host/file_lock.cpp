// flock(2), without blocking the event loop.
#include "sdk/cli/host/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <format>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {

FileLock::FileLock(EventLoop& loop, const std::filesystem::path& file, const std::function<void()>& waiting)
    : file_(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (!file_) throw Failure(std::format("{} was expected to be writable: {}", file.string(), std::strerror(errno)));
  bool told = false;
  while (flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (!std::exchange(told, true)) waiting();
    constexpr std::chrono::milliseconds kInterval{50};
    bool again = false;
    auto timer = loop.after(kInterval, [&] { again = true; });
    loop.run_until([&] { return again; });
  }
}

}  // namespace toro::cli
