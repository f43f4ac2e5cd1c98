// Waits for many descriptors at once.
#include "kernel/posix/epoll.hpp"

#include <algorithm>

#include "kernel/process/kernel_thread.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;

constexpr std::uint32_t kExclusive = 1U << 28;
constexpr std::uint32_t kOneShot = 1U << 30;
constexpr std::uint32_t kEdgeTriggered = 1U << 31;
constexpr unsigned kMostLevels = 5;  // of epolls, each within the next [epoll_ctl(2)]
constexpr std::uint32_t kAlways = kError | kHangUp;
constexpr auto kInterrupted = static_cast<filesystem::Error>(Error::interrupted);
constexpr auto kLoop = filesystem::Error::too_many_symlinks;  // ELOOP

/// For the lists of interests that streams and epolls have, of all cores: which epolls are within which.
constinit arch::SpinLock interests_lock;

}  // namespace

/// Who watches an epoll is told by a thread of the kernel's: what marks an interest holds spin locks, and wakes nobody.
/// Whoever asks an epoll is not ahead of that thread: he tells what there is himself.
class Bell {
 public:
  void start() {
    if (!is_started_.exchange(true)) process::start_kernel_thread("epolls", kStackPages, serve);
  }
  /// Who watches `epoll`, and who waits for it, is told once the word that is returned is raised.
  [[nodiscard]] std::atomic<std::uint32_t>* ring(Epoll& epoll) {
    const arch::ThreadSpinLockGuard guard(lock_);
    if (!std::exchange(epoll.is_in_bell_, true)) list_.push(epoll);
    return &rung_;
  }
  /// All that has changed is told when this returns.
  void tell() {
    if (!is_started_) return;
    const MutexGuard guard(mutex_, "epolls");
    while (Epoll* const epoll = next()) {
      epoll->raise();
      epoll->watches_.raise();
    }
  }
  /// Of an epoll that has no interests any more.
  void forget(Epoll& epoll) {
    const MutexGuard guard(mutex_, "epolls");
    const arch::ThreadSpinLockGuard spin(lock_);
    if (std::exchange(epoll.is_in_bell_, false)) list_.remove(epoll);
  }

 private:
  static constexpr std::size_t kStackPages = 4;

  [[noreturn]] static void serve();

  Epoll* next() {
    const arch::ThreadSpinLockGuard guard(lock_);
    Epoll* const epoll = list_.pop();
    if (epoll != nullptr) epoll->is_in_bell_ = false;
    return epoll;
  }

  std::atomic<bool> is_started_ = false;
  std::atomic<std::uint32_t> rung_ = 0;
  Mutex mutex_;          ///< held while epolls are told
  arch::SpinLock lock_;  // for the following
  inet::List<Epoll, &Epoll::in_bell_> list_;
};

namespace {

constinit Bell bell;

}  // namespace

void Bell::serve() {
  for (;;) {
    bell.rung_ = 0;
    bell.tell();
    toro::detail::wait_while(bell.rung_, 0, "changes of epolls that are watched");
  }
}

void Epoll::mark(inet::Watch& watch) {
  auto& interest = static_cast<Interest&>(watch);
  Epoll& epoll = interest.epoll;
  const arch::ThreadSpinLockGuard guard(epoll.lock_);
  epoll.push(interest);
  interest.raised = epoll.watch_count_ == 0 ? &epoll.raised_ : bell.ring(epoll);
}

void Epoll::close() {
  while (Interest* const interest = all_.first()) remove(*interest);
  bell.forget(*this);
  inet::dispose(this);
}

/// Holding lock_.
void Epoll::push(Interest& interest) {
  if (interest.is_ready || interest.events == 0) return;
  interest.is_ready = true;
  ready_.push(interest);
  ++ready_count_;
}

Interest* Epoll::pop() {
  const arch::ThreadSpinLockGuard guard(lock_);
  Interest* const interest = ready_.pop();
  if (interest == nullptr) return nullptr;
  interest->is_ready = false;
  --ready_count_;
  return interest;
}

/// It stays while mutex_ is held.
Interest* Epoll::find(const Stream& stream) const {
  const arch::ThreadSpinLockGuard guard(interests_lock);
  Interest* interest = stream.interests;
  while (interest != nullptr && &interest->epoll != this) interest = interest->next_of_stream;
  return interest;
}

/// Whoever waits finds out whether it is ready.
void Epoll::look_again(Interest& interest) {
  {
    const arch::ThreadSpinLockGuard guard(lock_);
    push(interest);
  }
  raise();
  watches_.raise();
}

/// How many epolls there are on the longest way from this one, itself among them. Holding interests_lock.
unsigned Epoll::levels(Way way, std::uint64_t walk) {
  if (std::exchange(walk_, walk) == walk) return levels_;
  unsigned most = 0;
  if (way == Way::up)
    for (Interest* interest = interests; interest != nullptr; interest = interest->next_of_stream)
      most = std::max(most, interest->epoll.levels(way, walk));
  else
    for (Interest* interest = all_.first(); interest != nullptr; interest = all_.next(*interest))
      if (interest->stream.kind() == StreamKind::epoll)
        most = std::max(most, static_cast<Epoll&>(interest->stream).levels(way, walk));
  return levels_ = most + 1;
}

/// Whether `other` in this epoll closes no circle, nor makes a way too long. Holding interests_lock.
bool Epoll::may_hold(Epoll& other) {
  static constinit std::uint64_t walk = 0;
  const unsigned above = levels(Way::up, ++walk);
  if (other.walk_ == walk) return false;
  const unsigned below = other.levels(Way::down, ++walk);
  return above + below <= kMostLevels;
}

/// Into the lists; false where it may not be there.
bool Epoll::link(Interest& interest) {
  const arch::ThreadSpinLockGuard guard(interests_lock);
  Stream& stream = interest.stream;
  if (stream.kind() == StreamKind::epoll && !may_hold(static_cast<Epoll&>(stream))) return false;
  all_.push(interest);
  interest.next_of_stream = stream.interests;
  stream.interests = &interest;
  return true;
}

FileResult Epoll::add(Stream& stream, const EpollEvent& event) {
  const MutexGuard guard(mutex_, "epoll");
  if (find(stream) != nullptr) return failure(filesystem::Error::exists);
  const bool shares = (event.events & kOneShot) == 0 && stream.kind() != StreamKind::epoll;
  if ((event.events & kExclusive) != 0 && !shares) return failure(filesystem::Error::invalid);
  auto* const interest = inet::make<Interest>(Interest{{.links = {}, .raised = &raised_, .mark = mark},
                                                       {},
                                                       {},
                                                       nullptr,
                                                       *this,
                                                       stream,
                                                       event.events | kAlways,
                                                       event.data});
  if (interest == nullptr) return failure(filesystem::Error::no_memory);
  if (!link(*interest)) {
    inet::dispose(interest);
    return failure(kLoop);
  }
  static_cast<void>(stream.poll(interest));
  look_again(*interest);
  return 0;
}

FileResult Epoll::change(Stream& stream, const EpollEvent& event) {
  const MutexGuard guard(mutex_, "epoll");
  Interest* const interest = find(stream);
  if (interest == nullptr) return failure(filesystem::Error::no_entry);
  if (((event.events | interest->events) & kExclusive) != 0) return failure(filesystem::Error::invalid);
  {
    const arch::ThreadSpinLockGuard spin(lock_);
    interest->events = event.events | kAlways;
    interest->data = event.data;
  }
  look_again(*interest);
  return 0;
}

FileResult Epoll::remove(Stream& stream) {
  const MutexGuard guard(mutex_, "epoll");
  Interest* const interest = find(stream);
  if (interest == nullptr) return failure(filesystem::Error::no_entry);
  remove(*interest);
  return 0;
}

/// Its stream may go as soon as it is out of the stream's list.
void Epoll::remove(Interest& interest) {
  Stream& stream = interest.stream;
  stream.unwatch(interest);
  {
    const arch::ThreadSpinLockGuard spin(lock_);
    if (interest.is_ready) {
      ready_.remove(interest);
      --ready_count_;
    }
  }
  {
    const arch::ThreadSpinLockGuard spin(interests_lock);
    all_.remove(interest);
    Interest* const next = interest.next_of_stream;
    if (stream.interests == &interest) {
      stream.interests = next;
    } else {
      Interest* before = stream.interests;
      while (before->next_of_stream != &interest) before = before->next_of_stream;
      before->next_of_stream = next;
    }
  }
  inet::dispose(&interest);
}

/// Each that may be ready is asked once.
std::int64_t Epoll::collect(std::span<EpollEvent> to) {
  bell.tell();
  const MutexGuard guard(mutex_, "epoll");
  std::size_t left;
  {
    const arch::ThreadSpinLockGuard spin(lock_);
    left = ready_count_;
  }
  std::size_t count = 0;
  for (; left != 0 && count < to.size(); --left) {
    Interest* const interest = pop();
    if (interest == nullptr) break;
    const std::uint32_t found = interest->stream.poll(nullptr) & interest->events;
    if (found == 0) continue;
    to[count++] = {found, interest->data};
    const arch::ThreadSpinLockGuard spin(lock_);
    if ((interest->events & kOneShot) != 0)
      interest->events = 0;
    else if ((interest->events & kEdgeTriggered) == 0)
      push(*interest);
  }
  return static_cast<std::int64_t>(count);
}

/// Readable while an interest in it is ready, which stays as it is.
Events Epoll::poll(inet::Watch* watch) {
  if (watch != nullptr) {
    bell.start();
    ++watch_count_;
    watches_.watch(watch, [] { return 0; });
  }
  bell.tell();
  const MutexGuard guard(mutex_, "epoll");
  while (Interest* const interest = pop()) {
    if ((interest->stream.poll(nullptr) & interest->events) == 0) continue;
    const arch::ThreadSpinLockGuard spin(lock_);
    push(*interest);
    return kIn;
  }
  return 0;
}

bool Epoll::has_ready() {
  const arch::ThreadSpinLockGuard spin(lock_);
  return !ready_.empty();
}

FileResult Epoll::wait(std::span<EpollEvent> to, std::uint64_t deadline, WhenKilled when_killed) {
  bool has_waited = false;
  for (bool is_last = deadline == 0;;) {
    raised_ = 0;
    const std::int64_t count = collect(to);
    // What is left, and what stays as it is ready still, is for others that wait.
    if (count != 0 && has_ready()) raise();
    if (count != 0 || is_last) {
      // Who asks without ever having to wait lets others run all the same, and what he asks for come.
      if (!has_waited) process::scheduler().yield();
      return count;
    }
    has_waited = true;
    const auto* const word = reinterpret_cast<const std::uint32_t*>(&raised_);
    const Result waited = wait_futex(word, 0, "epoll", deadline, when_killed);
    if (waited == posix::failure(Error::interrupted)) return failure(kInterrupted);
    is_last = waited == posix::failure(Error::timed_out);
  }
}

void end_interests(Stream& stream) {
  for (;;) {
    Epoll* epoll = nullptr;
    {
      const arch::ThreadSpinLockGuard guard(interests_lock);
      const Interest* const interest = stream.interests;
      if (interest == nullptr) return;
      if (interest->epoll.try_hold()) epoll = &interest->epoll;
    }
    if (epoll == nullptr) {
      process::scheduler().yield();  // it is being closed, and removes its interest
      continue;
    }
    static_cast<void>(epoll->remove(stream));
    let_go(*epoll);
  }
}

}  // namespace toro::posix
