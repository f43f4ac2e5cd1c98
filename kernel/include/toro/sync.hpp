// What threads of any cores meet at: Event, Semaphore, and Channel for messages from core to core.
// std::mutex, std::condition_variable and the rest of the C++ library work between cores too.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "toro/core.hpp"
#include "toro/detail/mailbox.hpp"
#include "toro/detail/thread.hpp"

namespace toro {

namespace detail {

template <class Representation, class Period>
[[nodiscard]] std::uint64_t deadline_after(std::chrono::duration<Representation, Period> duration) {
  const auto wait = std::chrono::ceil<std::chrono::nanoseconds>(duration).count();
  return now() + (wait > 0 ? static_cast<std::uint64_t>(wait) : 0);
}

}  // namespace detail

/// Something that happens: who waits goes on when it is set, and until it is reset nobody waits. Any threads.
class Event {
 public:
  [[nodiscard]] bool is_set() const { return set_.load(std::memory_order_acquire) != 0; }
  void set() {
    if (set_.exchange(1, std::memory_order_acq_rel) == 0) detail::wake(set_, UINT32_MAX);
  }
  void reset() { set_.store(0, std::memory_order_release); }

  void wait() { static_cast<void>(wait_until(detail::kForever)); }
  /// False when it was not set in time.
  template <class Representation, class Period>
  [[nodiscard]] bool wait_for(std::chrono::duration<Representation, Period> duration) {
    return wait_until(detail::deadline_after(duration));
  }

 private:
  bool wait_until(std::uint64_t deadline) {
    while (!is_set()) {
      detail::leave_if_killed();
      if (!detail::wait_while(set_, 0, "an event", deadline)) return is_set();
    }
    return true;
  }

  std::atomic<std::uint32_t> set_ = 0;
};

/// Counts what there is of something. Any threads. As std::counting_semaphore, but a thread that waits can be killed.
class Semaphore {
 public:
  explicit Semaphore(std::uint32_t count) : count_(count) {}

  void release(std::uint32_t count = 1) {
    count_.fetch_add(count, std::memory_order_release);
    detail::wake(count_, count);
  }
  [[nodiscard]] bool try_acquire() {
    std::uint32_t count = count_.load(std::memory_order_relaxed);
    while (count != 0)
      if (count_.compare_exchange_weak(count, count - 1, std::memory_order_acquire)) return true;
    return false;
  }
  void acquire() { static_cast<void>(acquire_until(detail::kForever)); }
  /// False when there was none in time.
  template <class Representation, class Period>
  [[nodiscard]] bool try_acquire_for(std::chrono::duration<Representation, Period> duration) {
    return acquire_until(detail::deadline_after(duration));
  }

 private:
  bool acquire_until(std::uint64_t deadline) {
    while (!try_acquire()) {
      detail::leave_if_killed();
      if (!detail::wait_while(count_, 0, "a semaphore", deadline)) return try_acquire();
    }
    return true;
  }

  std::atomic<std::uint32_t> count_;
};

/// Messages of type T for the threads of one core, from threads of all cores. None is lost; those of one sending core
/// arrive in order. As many can be under way as there is memory for.
template <class T>
class Channel {
 public:
  /// Made for the calling core, which is to receive.
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// By the receiving core, when nobody sends any more. What was not received is destroyed.
  ~Channel() {
    detail::Mailbox::collect();
    while (try_receive()) {
    }
  }

  /// Returns at once. Any thread. Throws std::bad_alloc; where small messages, which need memory only when they arrive,
  /// find none, their core panics.
  void send(T message) {
    using Carried = detail::Mailbox::Carried;
    if constexpr (std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(Carried) && alignof(T) <= alignof(Carried)) {
      Carried carried;
      std::memcpy(carried.bytes, &message, sizeof message);
      mailbox_.put(core_, pack, carried);
    } else {
      mailbox_.put(core_, *new Node{{}, std::move(message)});
    }
  }

  /// The next message; waits for it. Threads of the receiving core only.
  [[nodiscard]] T receive() {
    for (;;) {
      detail::leave_if_killed();
      if (auto message = unpack(mailbox_.wait("a message", detail::kForever))) return std::move(*message);
    }
  }
  /// The same, but nothing when there is none by then.
  template <class Representation, class Period>
  [[nodiscard]] std::optional<T> receive_for(std::chrono::duration<Representation, Period> duration) {
    detail::leave_if_killed();
    auto message = unpack(mailbox_.wait("a message", detail::deadline_after(duration)));
    if (!message) detail::leave_if_killed();
    return message;
  }
  /// The next message, if there is one.
  [[nodiscard]] std::optional<T> try_receive() { return unpack(mailbox_.take()); }

 private:
  struct Node : detail::Parcel {
    T message;
  };

  static detail::Parcel* pack(const detail::Mailbox::Carried& carried) {
    return new (std::nothrow) Node{{}, *reinterpret_cast<const T*>(carried.bytes)};
  }
  static std::optional<T> unpack(detail::Parcel* parcel) {
    if (parcel == nullptr) return std::nullopt;
    const std::unique_ptr<Node> node(static_cast<Node*>(parcel));
    return std::move(node->message);
  }

  std::uint32_t core_ = this_core();
  detail::Mailbox mailbox_;
};

}  // namespace toro
