// The event loop: poll(2), with signals read from a signalfd.
#include "sdk/cli/host/event_loop.hpp"

#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <vector>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {

void Registration::reset() {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->remove(id_);
}

EventLoop::EventLoop() {
  sigset_t ending;
  sigemptyset(&ending);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ending, signal);
  sigprocmask(SIG_BLOCK, &ending, nullptr);
  // A reader that went away shows as EPIPE at the write; a background terminal must not stop the clean-up.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTTOU, SIG_IGN);
  signals_ = FileDescriptor(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
}

Registration EventLoop::watch(int fd, short events, std::function<void(short)> handler) {
  auto shared = std::make_shared<std::function<void(short)>>(std::move(handler));
  watches_.emplace(next_id_, Watch{fd, events, std::move(shared)});
  return Registration(*this, next_id_++);
}

Registration EventLoop::after(std::chrono::milliseconds delay, std::function<void()> handler) {
  timers_.emplace(next_id_, Timer{Clock::now() + delay, std::move(handler)});
  return Registration(*this, next_id_++);
}

void EventLoop::remove(std::uint64_t id) {
  watches_.erase(id);
  timers_.erase(id);
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
  std::vector<pollfd> descriptors{{signals_.get(), POLLIN, 0}};
  std::vector<std::uint64_t> ids{0};
  for (const auto& [id, watch] : watches_) {
    descriptors.push_back({watch.fd, watch.events, 0});
    ids.push_back(id);
  }
  if (::poll(descriptors.data(), descriptors.size(), milliseconds_to_next_timer()) < 0 && errno != EINTR)
    throw std::system_error(errno, std::system_category(), "poll");
  if (descriptors[0].revents != 0) take_signal();
  for (std::size_t i = 1; i < descriptors.size(); ++i) {
    if (descriptors[i].revents == 0) continue;
    // An earlier handler of this round may have removed the registration.
    auto found = watches_.find(ids[i]);
    if (found == watches_.end()) continue;
    auto handler = found->second.handler;
    (*handler)(descriptors[i].revents);
  }
  fire_timers();
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
