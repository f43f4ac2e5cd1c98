// Bytes on their way to a descriptor whose reader may be slow: never blocks, keeps order.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sdk/cli/host/event_loop.hpp"

namespace toro::cli {

class Outlet {
 public:
  /// `closed` is called once when the reader has gone. The descriptor stays the caller's, in whatever mode it is.
  Outlet(EventLoop& loop, int fd, std::function<void()> closed) : loop_(loop), fd_(fd), closed_(std::move(closed)) {}

  void write(std::string_view bytes);
  /// Blocks until everything is written, the reader has gone, or the time is over.
  void drain(std::chrono::milliseconds limit);
  /// True when so much waits that the source should not be read for now.
  [[nodiscard]] bool congested() const { return waiting_.size() > kCongestion; }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  static constexpr std::size_t kCongestion = 256 * 1024;

  void flush();

  EventLoop& loop_;
  int fd_;
  std::function<void()> closed_;
  std::string waiting_;
  Registration ready_;
  bool broken_ = false;
};

}  // namespace toro::cli
