// TCP: TcpStream is a connection, TcpListener takes them in. A call that waits lets the core's other threads run.
// Threads of any core: a call is carried to the core of the interface and back.
#pragma once

#include "toro/detail/socket_handle.hpp"

namespace toro {

/// One end of a connection; closed when it is destroyed, and what was sent is still delivered. One thread may send
/// while another receives.
class TcpStream {
 public:
  /// Waits until the other side has answered, for `timeout` at most where that is not 0. Errors: connection_refused,
  /// host_unreachable, network_unreachable, timed_out; in_progress when `timeout` has passed.
  [[nodiscard]] static SocketResult<TcpStream> connect(Endpoint remote, std::chrono::nanoseconds timeout = {}) {
    auto handle = detail::SocketHandle::create(detail::SocketHandle::Kind::stream);
    if (!handle) return std::unexpected(handle.error());
    handle->set_send_timeout(timeout);
    const auto done = detail::unless_killed(handle->connect(remote));
    if (!done) return std::unexpected(done.error());
    handle->set_send_timeout({});
    return TcpStream(std::move(*handle));
  }
  explicit TcpStream(detail::SocketHandle handle) : handle_(std::move(handle)) {}

  /// Waits until something is there: how many bytes, 0 where the other side has sent all that it will. Errors: again
  /// when the timeout has passed, connection_reset, timed_out.
  [[nodiscard]] SocketResult<std::size_t> receive(std::span<std::byte> to) {
    return detail::unless_killed(handle_.receive(to)).transform([](const auto& received) { return received.size; });
  }
  /// Sends all of it: returns when there is room for the last byte. How many bytes: fewer when the timeout has passed.
  /// Errors: again when it has passed before there was room for one, broken_pipe, connection_reset, timed_out.
  [[nodiscard]] SocketResult<std::size_t> send(std::span<const std::byte> bytes) {
    return detail::unless_killed(handle_.send(bytes, std::nullopt));
  }
  [[nodiscard]] SocketResult<std::size_t> send(std::string_view text) { return send(std::as_bytes(std::span(text))); }
  /// The other side sees the end once it has read what was sent. Error: not_connected.
  [[nodiscard]] SocketResult<> shutdown_sending() { return handle_.shutdown_sending(); }

  /// For each wait; 0: none.
  void set_receive_timeout(std::chrono::nanoseconds timeout) { handle_.set_receive_timeout(timeout); }
  void set_send_timeout(std::chrono::nanoseconds timeout) { handle_.set_send_timeout(timeout); }
  /// Small parts are sent at once, instead of waiting for more to go with. [RFC 9293 3.7.4]
  void set_no_delay() { handle_.set_no_delay(); }
  [[nodiscard]] Endpoint local() const { return handle_.local(); }
  /// Nothing when the connection has ended.
  [[nodiscard]] std::optional<Endpoint> remote() const { return handle_.remote(); }

 private:
  detail::SocketHandle handle_;
};

/// Takes connections in at a port; those that nobody accepted are reset when it is destroyed.
class TcpListener {
 public:
  static constexpr std::uint16_t kBacklog = 128;  ///< connections that wait to be accepted

  /// Waits until the interface has its address. Errors: address_in_use, address_not_available.
  [[nodiscard]] static SocketResult<TcpListener> listen(Endpoint local, std::uint16_t backlog = kBacklog) {
    auto handle = detail::SocketHandle::create(detail::SocketHandle::Kind::stream);
    if (!handle) return std::unexpected(handle.error());
    const auto done = detail::unless_killed(handle->bind(local)).and_then([&] { return handle->listen(backlog); });
    if (!done) return std::unexpected(done.error());
    return TcpListener(std::move(*handle));
  }

  /// Waits for a connection. Errors: again when the timeout has passed.
  [[nodiscard]] SocketResult<TcpStream> accept() {
    return detail::unless_killed(handle_.accept()).transform([](detail::SocketHandle&& handle) {
      return TcpStream(std::move(handle));
    });
  }
  /// For each accept(); 0: none. Connections do not inherit it.
  void set_timeout(std::chrono::nanoseconds timeout) { handle_.set_receive_timeout(timeout); }
  [[nodiscard]] Endpoint local() const { return handle_.local(); }

 private:
  explicit TcpListener(detail::SocketHandle handle) : handle_(std::move(handle)) {}

  detail::SocketHandle handle_;
};

}  // namespace toro
