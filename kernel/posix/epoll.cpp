// Waits for many descriptors at once, at a cost that goes by how many are ready. [epoll(7)]
#include <algorithm>
#include <array>

#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/include/toro/detail/poller.hpp"
#include "kernel/network/environment.hpp"
#include "kernel/network/object.hpp"
#include "kernel/posix/console_input.hpp"
#include "kernel/posix/event_calls.hpp"
#include "kernel/posix/mutex.hpp"
#include "kernel/posix/shared_watches.hpp"
#include "kernel/posix/socket.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/posix/time.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::posix {

class Epoll;

/// That of an epoll in a stream.
struct Interest : inet::Watch {
  inet::Links<Interest> in_epoll;
  inet::Links<Interest> in_ready;
  Interest* next_of_stream = nullptr;
  Epoll& epoll;
  Stream& stream;
  std::uint32_t events;  ///< 0: it was told once, and is to be armed again
  std::uint64_t data;
  bool is_ready = false;  ///< it may be
};

namespace {

using filesystem::failure;

constexpr std::uint32_t kExclusive = 1U << 28;
constexpr std::uint32_t kOneShot = 1U << 30;
constexpr std::uint32_t kEdgeTriggered = 1U << 31;
constexpr unsigned kMostLevels = 5;  // of epolls, each within the next [epoll_ctl(2)]
constexpr std::uint32_t kAlways = kError | kHangUp;
constexpr std::uint32_t kCloseOnExec = 02000000;
constexpr auto kInterrupted = static_cast<filesystem::Error>(Error::interrupted);
constexpr auto kNotPermitted = filesystem::Error::not_permitted;
constexpr auto kLoop = filesystem::Error::too_many_symlinks;  // ELOOP

/// [epoll_ctl(2), struct epoll_event]
struct [[gnu::packed]] EpollEvent {
  std::uint32_t events;
  std::uint64_t data;
};
static_assert(sizeof(EpollEvent) == 12);

/// For the lists of interests that streams and epolls have, of all cores: which epolls are within which.
constinit arch::SpinLock interests_lock;

}  // namespace

/// What is watched tells its change by marking: the interest goes onto the list of those that may be ready, and those
/// alone are asked. What says yes and is level-triggered stays there.
///
/// An interest goes when it is removed, with its epoll, or with its stream, which is not freed before.
class Epoll final : public Stream {
 public:
  Epoll() : Stream(StreamKind::epoll) {}

  FileResult read(std::span<const IoVector>) override { return failure(filesystem::Error::invalid); }
  FileResult write(std::span<const IoVector>) override { return failure(filesystem::Error::invalid); }
  FileResult control(std::uint32_t, void*) override { return std::unexpected(kNotATerminal); }
  Events poll(inet::Watch* watch) override;
  void unwatch(inet::Watch& watch) override {
    watches_.unwatch(watch);
    --watch_count_;
  }
  void close() override;

  FileResult add(Stream& stream, const EpollEvent& event);
  FileResult change(Stream& stream, const EpollEvent& event);
  FileResult remove(Stream& stream);
  FileResult wait(std::span<EpollEvent> to, std::uint64_t deadline, WhenKilled when_killed);

  /// False when it is being closed.
  [[nodiscard]] bool try_hold() {
    std::uint32_t count = references;
    while (count != 0)
      if (references.compare_exchange_weak(count, count + 1)) return true;
    return false;
  }

 private:
  friend class Bell;

  /// A walk through the epolls that an epoll is in, or that are in it.
  enum class Way : std::uint8_t { up, down };

  static void mark(inet::Watch& watch);
  [[nodiscard]] Interest* find(const Stream& stream) const;
  [[nodiscard]] bool link(Interest& interest);
  [[nodiscard]] bool may_hold(Epoll& other);
  [[nodiscard]] unsigned levels(Way way, std::uint64_t walk);
  void remove(Interest& interest);
  [[nodiscard]] std::int64_t collect(std::span<EpollEvent> to);
  void push(Interest& interest);
  [[nodiscard]] Interest* pop();
  void look_again(Interest& interest);
  void raise() {
    if (raised_.exchange(1, std::memory_order_acq_rel) == 0) toro::detail::wake(raised_, 1);
  }

  Mutex mutex_;  ///< for all_, as interests_lock is; held over calls that are carried to a stream's core
  inet::List<Interest, &Interest::in_epoll> all_;
  std::uint64_t walk_ = 0;  ///< the last that came here, and what it found; under interests_lock
  unsigned levels_ = 0;
  std::atomic<std::uint32_t> raised_ = 0;
  SharedWatches watches_;
  std::atomic<std::uint32_t> watch_count_ = 0;
  inet::Links<Epoll> in_bell_;
  bool is_in_bell_ = false;
  arch::SpinLock lock_;  // for the following, and for what interests want
  inet::List<Interest, &Interest::in_ready> ready_;
  std::size_t ready_count_ = 0;
};

/// Who watches an epoll is told by a thread of the kernel's: what marks an interest holds spin locks, and wakes nobody.
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
  /// Of an epoll that has no interests any more.
  void forget(Epoll& epoll) {
    while (!try_to_forget(epoll)) process::scheduler().yield();
  }

 private:
  static constexpr std::size_t kStackPages = 4;

  [[noreturn]] static void serve();

  Epoll* next() {
    const arch::ThreadSpinLockGuard guard(lock_);
    told_ = list_.pop();
    if (told_ != nullptr) told_->is_in_bell_ = false;
    return told_;
  }
  bool try_to_forget(Epoll& epoll) {
    const arch::ThreadSpinLockGuard guard(lock_);
    if (std::exchange(epoll.is_in_bell_, false)) list_.remove(epoll);
    return told_ != &epoll;
  }

  std::atomic<bool> is_started_ = false;
  std::atomic<std::uint32_t> rung_ = 0;
  arch::SpinLock lock_;  // for the following
  inet::List<Epoll, &Epoll::in_bell_> list_;
  Epoll* told_ = nullptr;
};

namespace {

constinit Bell bell;

}  // namespace

void Bell::serve() {
  for (;;) {
    bell.rung_ = 0;
    while (Epoll* const epoll = bell.next()) {
      epoll->raise();
      epoll->watches_.raise();
    }
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
  return other.walk_ != walk && above + other.levels(Way::down, ++walk) <= kMostLevels;
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
  const MutexGuard guard(mutex_, "epoll");
  while (Interest* const interest = pop()) {
    if ((interest->stream.poll(nullptr) & interest->events) == 0) continue;
    const arch::ThreadSpinLockGuard spin(lock_);
    push(*interest);
    return kIn;
  }
  return 0;
}

FileResult Epoll::wait(std::span<EpollEvent> to, std::uint64_t deadline, WhenKilled when_killed) {
  for (bool is_last = deadline == 0;;) {
    raised_ = 0;
    const std::int64_t count = collect(to);
    if (count != 0) {
      // What is left, and what stays as it is ready still, is for others that wait.
      const arch::ThreadSpinLockGuard spin(lock_);
      if (ready_.empty()) return count;
    }
    if (count != 0) raise();
    if (count == 0 && is_last) process::scheduler().yield();  // so that what is asked for again and again can come
    if (count != 0 || is_last) return count;
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

namespace {

struct HeldEpoll {
  Descriptor descriptor;
  static filesystem::Result<HeldEpoll> find(std::int32_t number) {
    HeldEpoll epoll{TRY(Descriptor::find(number))};
    const Stream* const stream = epoll.descriptor.stream();
    if (stream == nullptr || stream->kind() != StreamKind::epoll) return failure(filesystem::Error::invalid);
    return epoll;
  }
  Epoll* operator->() const { return static_cast<Epoll*>(descriptor.stream()); }
};

FileResult create(std::uint32_t flags) {
  if ((flags & ~kCloseOnExec) != 0) return failure(filesystem::Error::invalid);
  auto* const epoll = inet::make<Epoll>();
  if (epoll == nullptr) return failure(filesystem::Error::no_memory);
  return add_descriptor(*epoll, (flags & kCloseOnExec) != 0);
}

}  // namespace

FileResult call_epoll_create(SyscallFrame& frame) {
  if (frame.value<std::int32_t>(0) <= 0) return failure(filesystem::Error::invalid);
  return create(0);
}
FileResult call_epoll_create1(SyscallFrame& frame) {
  return create(frame.value<std::uint32_t>(0));
}

FileResult call_epoll_ctl(SyscallFrame& frame) {
  enum Operation : std::uint32_t { kAdd = 1, kDelete = 2, kModify = 3 };
  const auto descriptor = TRY(Descriptor::find(frame.value<std::int32_t>(2)));
  const HeldEpoll epoll = TRY(HeldEpoll::find(frame.value<std::int32_t>(0)));
  Stream* const stream = pollable(descriptor);
  if (stream == nullptr) return failure(kNotPermitted);
  if (stream == epoll.descriptor.stream()) return failure(filesystem::Error::invalid);
  const auto* const event = frame.pointer<const EpollEvent>(3);
  switch (frame.value<std::uint32_t>(1)) {
    case kAdd:
      return epoll->add(*stream, *event);
    case kModify:
      return epoll->change(*stream, *event);
    case kDelete:
      return epoll->remove(*stream);
    default:
      return failure(filesystem::Error::invalid);
  }
}

FileResult call_epoll_wait(SyscallFrame& frame) {
  const auto most = frame.value<std::int32_t>(2);
  const auto milliseconds = frame.value<std::int32_t>(3);
  if (most <= 0) return failure(filesystem::Error::invalid);
  const HeldEpoll epoll = TRY(HeldEpoll::find(frame.value<std::int32_t>(0)));
  std::uint64_t deadline = milliseconds == 0 ? 0 : process::kNoDeadline;
  if (milliseconds > 0) deadline = deadline_after(static_cast<std::uint64_t>(milliseconds) * inet::kMillisecond);
  return epoll->wait({frame.pointer<EpollEvent>(1), static_cast<std::size_t>(most)}, deadline, WhenKilled::goes_on);
}

}  // namespace toro::posix

namespace toro::detail {
namespace {

posix::Epoll& epoll_of(void* epoll) {
  return *static_cast<posix::Epoll*>(epoll);
}
SocketResult<> done(const posix::FileResult& result) {
  if (!result) return std::unexpected(static_cast<SocketError>(result.error()));
  return {};
}
posix::EpollEvent event_of(std::uint32_t events, void* context) {
  return {events, reinterpret_cast<std::uintptr_t>(context)};
}

}  // namespace

SocketResult<Poller> Poller::create() {
  auto* const epoll = inet::make<posix::Epoll>();
  if (epoll == nullptr) return std::unexpected(SocketError::no_memory);
  return Poller(epoll);
}
Poller::~Poller() {
  if (epoll_ != nullptr) posix::let_go(epoll_of(epoll_));
}

SocketResult<> Poller::add(const SocketHandle& socket, std::uint32_t events, void* context) {
  return done(epoll_of(epoll_).add(*socket.socket_, event_of(events, context)));
}
void Poller::change(const SocketHandle& socket, std::uint32_t events, void* context) {
  static_cast<void>(epoll_of(epoll_).change(*socket.socket_, event_of(events, context)));
}

SocketResult<std::size_t> Poller::wait(std::span<Ready> ready, std::uint64_t deadline) {
  std::array<posix::EpollEvent, 32> events;
  const auto count = epoll_of(epoll_).wait(std::span(events).first(std::min(events.size(), ready.size())), deadline,
                                           posix::WhenKilled::gives_up);
  if (!count) return std::unexpected(SocketError::interrupted);
  const auto found = static_cast<std::size_t>(*count);
  for (std::size_t i = 0; i < found; ++i) ready[i] = {events[i].events, reinterpret_cast<void*>(events[i].data)};
  return found;
}

}  // namespace toro::detail
