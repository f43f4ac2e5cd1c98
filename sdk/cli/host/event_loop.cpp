// The event loop: epoll(7), with signals read from a signalfd.
#include "sdk/cli/host/event_loop.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <span>
#include <system_error>
#include <vector>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {

static_assert(POLLIN == EPOLLIN && POLLPRI == EPOLLPRI && POLLOUT == EPOLLOUT && POLLERR == EPOLLERR &&
              POLLHUP == EPOLLHUP && POLLRDHUP == EPOLLRDHUP);

void Registration::reset() {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->remove(id_);
}

EventLoop::EventLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  sigset_t ending;
  sigemptyset(&ending);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ending, signal);
  sigprocmask(SIG_BLOCK, &ending, nullptr);
  // A reader that went away shows as EPIPE at the write; a background terminal must not stop the clean-up.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTTOU, SIG_IGN);
  signals_ = FileDescriptor(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  epoll_event event{.events = EPOLLIN, .data = {.fd = signals_.get()}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, signals_.get(), &event) != 0)
    throw std::system_error(errno, std::system_category(), "epoll");
}

Registration EventLoop::watch(int fd, short events, std::function<void(short)> handler) {
  auto shared = std::make_shared<std::function<void(short)>>(std::move(handler));
  watches_.emplace(next_id_, Watch{fd, events, std::move(shared)});
  auto& ids = by_descriptor_[fd];
  ids.push_back(next_id_);
  ask_for(fd, ids.size() == 1 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
  return Registration(*this, next_id_++);
}

/// What the watches of a descriptor want by now.
void EventLoop::ask_for(int fd, int operation) {
  epoll_event event{.events = 0, .data = {.fd = fd}};
  for (const auto id : by_descriptor_.at(fd)) event.events |= static_cast<std::uint32_t>(watches_.at(id).events);
  if (always_ready_.contains(fd) || epoll_ctl(epoll_.get(), operation, fd, &event) == 0) return;
  // What was closed while it was watched is not there any more, and its number may be another's.
  if (errno == ENOENT && epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return;
  if (errno != EPERM && errno != EBADF) throw std::system_error(errno, std::system_category(), "epoll_ctl");
  always_ready_.insert(fd);
}

Registration EventLoop::after(std::chrono::milliseconds delay, std::function<void()> handler) {
  timers_.emplace(next_id_, Timer{Clock::now() + delay, std::move(handler)});
  return Registration(*this, next_id_++);
}

void EventLoop::remove(std::uint64_t id) {
  timers_.erase(id);
  const auto watch = watches_.extract(id);
  if (watch.empty()) return;
  const int fd = watch.mapped().fd;
  auto& ids = by_descriptor_.at(fd);
  std::erase(ids, id);
  if (!ids.empty()) return ask_for(fd, EPOLL_CTL_MOD);
  by_descriptor_.erase(fd);
  if (always_ready_.erase(fd) == 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::run_until(const std::function<bool()>& done) {
  while (!done()) step();
}

int EventLoop::milliseconds_to_next_timer() const {
  if (timers_.empty()) return -1;
  auto next = std::ranges::min_element(timers_, {}, [](const auto& entry) { return entry.second.due; });
  auto left = std::chrono::ceil<std::chrono::milliseconds>(next->second.due - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
}

void EventLoop::step() {
  std::array<epoll_event, 256> events;
  const int timeout = always_ready_.empty() ? milliseconds_to_next_timer() : 0;
  const int count = epoll_wait(epoll_.get(), events.data(), events.size(), timeout);
  if (count < 0 && errno != EINTR) throw std::system_error(errno, std::system_category(), "epoll_wait");
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
    if (event.data.fd == signals_.get())
      take_signal();
    else
      tell(event.data.fd, static_cast<short>(event.events));
  }
  for (const int fd : std::vector(always_ready_.begin(), always_ready_.end())) tell(fd, POLLIN | POLLOUT);
  fire_timers();
}

/// An earlier handler of this round may have removed a watch, or put another in its place.
void EventLoop::tell(int fd, short events) {
  const auto ids = by_descriptor_.find(fd);
  if (ids == by_descriptor_.end()) return;
  for (const auto id : std::vector(ids->second)) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) continue;
    const auto told = static_cast<short>(events & (found->second.events | POLLERR | POLLHUP));
    const auto handler = found->second.handler;
    if (told != 0) (*handler)(told);
  }
}

void EventLoop::take_signal() {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
  auto signal = static_cast<int>(info.ssi_signo);
  if (signal == SIGINT && interrupt_ignored_) return;
  throw Interrupted{signal};
}

void EventLoop::fire_timers() {
  auto now = Clock::now();
  std::vector<std::uint64_t> due;
  for (const auto& [id, timer] : timers_)
    if (timer.due <= now) due.push_back(id);
  for (auto id : due) {
    auto timer = timers_.extract(id);
    if (!timer.empty()) timer.mapped().handler();
  }
}

}  // namespace toro::cli
