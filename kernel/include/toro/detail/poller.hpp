// What a Service waits with. Not for applications.
#pragma once

#include "toro/detail/socket_handle.hpp"

namespace toro::detail {

/// Waits for several sockets at once. Threads of any core.
class Poller {
 public:
  /// [poll(2)]
  enum Events : std::uint32_t { kIn = 1, kOut = 4, kError = 8, kHangUp = 16 };
  struct Ready {
    std::uint32_t events;
    void* context;
  };

  [[nodiscard]] static SocketResult<Poller> create();
  Poller(Poller&& other) noexcept : epoll_(std::exchange(other.epoll_, nullptr)) {}
  Poller& operator=(Poller&&) = delete;
  ~Poller();

  /// `events` of `socket` are told with `context` as long as they are the case, until the socket is closed.
  [[nodiscard]] SocketResult<> add(const SocketHandle& socket, std::uint32_t events, void* context);
  void change(const SocketHandle& socket, std::uint32_t events, void* context);
  /// Waits until one is ready, or until `deadline`, nanoseconds since boot: how many of `ready` were written.
  [[nodiscard]] SocketResult<std::size_t> wait(std::span<Ready> ready, std::uint64_t deadline);

 private:
  explicit Poller(void* epoll) : epoll_(epoll) {}
  void* epoll_;
};

}  // namespace toro::detail
