// The tool's one thread waits here: for descriptors, timers and the signals that end it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::cli {

class EventLoop;

/// A registration with the loop; the handler is not called again once this is gone.
class Registration {
 public:
  Registration() = default;
  Registration(EventLoop& loop, std::uint64_t id) : loop_(&loop), id_(id) {}
  Registration(Registration&& other) noexcept : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}
  Registration& operator=(Registration&& other) noexcept {
    std::swap(loop_, other.loop_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Registration() { reset(); }
  void reset();
  [[nodiscard]] explicit operator bool() const { return loop_ != nullptr; }

 private:
  EventLoop* loop_ = nullptr;
  std::uint64_t id_ = 0;
};

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes SIGINT, SIGTERM and SIGHUP out of asynchronous delivery: step() throws Interrupted for them.
  EventLoop();

  /// Calls `handler` with poll(2)'s revents whenever one of `events` holds. One descriptor may be watched twice.
  [[nodiscard]] Registration watch(int fd, short events, std::function<void(short)> handler);
  /// Calls `handler` once.
  [[nodiscard]] Registration after(std::chrono::milliseconds delay, std::function<void()> handler);

  /// The terminal's Ctrl-C belongs to a debugger for now: SIGINT is taken and dropped.
  void leave_interrupt_to_others() { interrupt_ignored_ = true; }

  void run_until(const std::function<bool()>& done);

 private:
  friend class Registration;
  struct Watch {
    int fd;
    short events;
    std::shared_ptr<std::function<void(short)>> handler;
  };
  struct Timer {
    Clock::time_point due;
    std::function<void()> handler;
  };

  void step();
  void ask_for(int fd, int operation);
  void tell(int fd, short events);
  void take_signal();
  void fire_timers();
  [[nodiscard]] int milliseconds_to_next_timer() const;
  void remove(std::uint64_t id);

  std::uint64_t next_id_ = 1;
  FileDescriptor epoll_;
  std::map<std::uint64_t, Watch> watches_;
  std::map<int, std::vector<std::uint64_t>> by_descriptor_;
  std::set<int> always_ready_;  ///< of them: files, and what is not open
  std::map<std::uint64_t, Timer> timers_;
  FileDescriptor signals_;
  bool interrupt_ignored_ = false;
};

}  // namespace toro::cli
