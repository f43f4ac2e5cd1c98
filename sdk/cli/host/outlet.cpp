// Writes what does not block.
#include "sdk/cli/host/outlet.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace toro::cli {
namespace {

/// As much as goes without blocking, in whatever mode the descriptor is.
ssize_t write_some(int fd, std::string_view bytes) {
  const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0 || errno != ENOTSOCK) return sent;
  pollfd descriptor{fd, POLLOUT, 0};
  if (::poll(&descriptor, 1, 0) <= 0) {
    errno = EAGAIN;
    return -1;
  }
  // A ready pipe takes PIPE_BUF bytes without blocking, whether or not it is in blocking mode. [pipe(7)]
  return ::write(fd, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
}

}  // namespace

void Outlet::write(std::string_view bytes) {
  if (broken_) return;
  waiting_.append(bytes);
  if (!ready_) flush();
}

void Outlet::flush() {
  while (!waiting_.empty()) {
    const auto written = write_some(fd_, waiting_);
    if (written >= 0) {
      waiting_.erase(0, static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EINTR) {
      break;
    } else {
      broken_ = true;
      waiting_.clear();
    }
  }
  if (waiting_.empty()) {
    ready_.reset();
  } else if (!ready_) {
    ready_ = loop_.watch(fd_, POLLOUT, [this](short) { flush(); });
  }
  if (broken_ && closed_) std::exchange(closed_, nullptr)();
}

void Outlet::drain(std::chrono::milliseconds limit) {
  auto end = EventLoop::Clock::now() + limit;
  while (!waiting_.empty() && EventLoop::Clock::now() < end) {
    pollfd descriptor{fd_, POLLOUT, 0};
    ::poll(&descriptor, 1, 20);
    flush();
  }
}

}  // namespace toro::cli
