// UDP: datagrams, each of which arrives as a whole, or not at all. Threads of any core.
#pragma once

#include "toro/detail/socket_handle.hpp"

namespace toro {

/// Closed when it is destroyed.
class UdpSocket {
 public:
  static constexpr std::size_t kMostPayload = 65507;  ///< bytes of a datagram [RFC 768, RFC 791]

  /// Waits until the interface has its address. Errors: address_in_use, address_not_available.
  [[nodiscard]] static SocketResult<UdpSocket> bind(Endpoint local) {
    auto handle = detail::SocketHandle::create(detail::SocketHandle::Kind::datagram);
    if (!handle) return std::unexpected(handle.error());
    const auto done = detail::unless_killed(handle->bind(local));
    if (!done) return std::unexpected(done.error());
    return UdpSocket(std::move(*handle));
  }

  /// From now on datagrams of `remote` alone are received, and send() goes there.
  [[nodiscard]] SocketResult<> connect(Endpoint remote) { return detail::unless_killed(handle_.connect(remote)); }

  struct Received {
    std::size_t size;  ///< of the datagram: what did not fit is lost
    Endpoint from;
  };
  /// Waits for a datagram. Errors: again when the timeout has passed; connection_refused where nobody was there to take
  /// what was sent to the remote end.
  [[nodiscard]] SocketResult<Received> receive(std::span<std::byte> to) {
    return detail::unless_killed(handle_.receive(to)).transform([](const auto& received) {
      return Received{received.size, received.from};
    });
  }
  /// Errors: message_size, no_destination, network_unreachable.
  [[nodiscard]] SocketResult<> send_to(Endpoint to, std::span<const std::byte> payload) {
    return detail::unless_killed(handle_.send(payload, to)).transform([](std::size_t) {});
  }
  [[nodiscard]] SocketResult<> send(std::span<const std::byte> payload) {
    return detail::unless_killed(handle_.send(payload, std::nullopt)).transform([](std::size_t) {});
  }

  /// Datagrams to broadcast addresses may be sent; otherwise that is `access`.
  void allow_broadcast() { handle_.set_broadcast(); }
  /// For each receive(); 0: none.
  void set_timeout(std::chrono::nanoseconds timeout) { handle_.set_receive_timeout(timeout); }
  [[nodiscard]] Endpoint local() const { return handle_.local(); }

 private:
  explicit UdpSocket(detail::SocketHandle handle) : handle_(std::move(handle)) {}

  detail::SocketHandle handle_;
};

}  // namespace toro
