// What TcpListener, TcpStream and UdpSocket are made of. Not for applications.
#pragma once

#include <chrono>
#include <span>
#include <utility>

#include "toro/detail/thread.hpp"
#include "toro/socket.hpp"

namespace toro {
namespace posix {
class Socket;
}

namespace detail {

/// A socket without a descriptor, closed when it is destroyed. Threads of any core.
class SocketHandle {
 public:
  enum class Kind : std::uint8_t { stream = 1, datagram = 2 };
  enum class Waits : std::uint8_t { yes, no };

  [[nodiscard]] static SocketResult<SocketHandle> create(Kind kind);
  SocketHandle(SocketHandle&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
  SocketHandle& operator=(SocketHandle&& other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~SocketHandle() {
    if (socket_ != nullptr) close();
  }

  [[nodiscard]] SocketResult<> bind(Endpoint local);
  [[nodiscard]] SocketResult<> listen(std::uint16_t backlog);
  [[nodiscard]] SocketResult<SocketHandle> accept();
  [[nodiscard]] SocketResult<> connect(Endpoint remote);
  /// How a connection ended that did not wait: nothing while nothing is known.
  [[nodiscard]] std::optional<SocketError> take_error();

  struct Received {
    std::size_t size;  ///< of a datagram as a whole
    Endpoint from;
  };
  [[nodiscard]] SocketResult<Received> receive(std::span<std::byte> to);
  /// Of a stream, one that waits sends all.
  [[nodiscard]] SocketResult<std::size_t> send(std::span<const std::byte> from, std::optional<Endpoint> to);
  [[nodiscard]] SocketResult<> shutdown_sending();

  void set_waits(Waits waits);
  void set_no_delay();
  void set_broadcast();
  /// 0: none.
  void set_receive_timeout(std::chrono::nanoseconds timeout);
  void set_send_timeout(std::chrono::nanoseconds timeout);
  [[nodiscard]] Endpoint local() const;
  [[nodiscard]] std::optional<Endpoint> remote() const;

 private:
  friend class Poller;
  explicit SocketHandle(posix::Socket& socket) : socket_(&socket) {}
  void close();

  posix::Socket* socket_;
};

/// A thread that was killed while it waited ends here.
template <class T>
SocketResult<T> unless_killed(SocketResult<T> result) {
  if (!result && result.error() == SocketError::interrupted) leave_if_killed();
  return result;
}

}  // namespace detail
}  // namespace toro
