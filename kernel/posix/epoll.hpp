// Waits for many descriptors at once, at a cost that goes by how many are ready. [epoll(7)]
#pragma once

#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/network/object.hpp"
#include "kernel/posix/mutex.hpp"
#include "kernel/posix/shared_watches.hpp"

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

/// [epoll_ctl(2), struct epoll_event]
struct [[gnu::packed]] EpollEvent {
  std::uint32_t events;
  std::uint64_t data;
};
static_assert(sizeof(EpollEvent) == 12);

/// What is watched tells its change by marking: the interest goes onto the list of those that may be ready, and those
/// alone are asked. What says yes and is level-triggered stays there.
///
/// An interest goes when it is removed, with its epoll, or with its stream, which is not freed before.
class Epoll final : public Stream {
 public:
  Epoll() : Stream(StreamKind::epoll) {}

  FileResult read(std::span<const IoVector>) override { return filesystem::failure(filesystem::Error::invalid); }
  FileResult write(std::span<const IoVector>) override { return filesystem::failure(filesystem::Error::invalid); }
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
  [[nodiscard]] bool has_ready();
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

}  // namespace toro::posix
