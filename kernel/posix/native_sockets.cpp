// Toro's own sockets: those of POSIX without descriptors.
#include "kernel/include/toro/detail/socket_handle.hpp"
#include "kernel/network/configuration.hpp"
#include "kernel/posix/finish_sockets.hpp"
#include "kernel/posix/socket.hpp"

namespace toro {

std::optional<Ipv4Address> Ipv4Address::parse(std::string_view text) {
  return inet::parse_address(text);
}

std::string_view describe(SocketError error) {
  switch (error) {
    case SocketError::interrupted:
      return "the thread is to end";
    case SocketError::again:
      return "nothing happened in time";
    case SocketError::no_memory:
      return "memory is out";
    case SocketError::access:
      return "broadcasts must be allowed first";
    case SocketError::invalid:
      return "the socket is not in a state for that";
    case SocketError::broken_pipe:
      return "this side has said that it sends no more";
    case SocketError::no_destination:
      return "no destination was given";
    case SocketError::message_size:
      return "the datagram is too long";
    case SocketError::not_supported:
      return "sockets of this kind cannot do that";
    case SocketError::address_in_use:
      return "address already in use";
    case SocketError::address_not_available:
      return "no interface has this address";
    case SocketError::network_unreachable:
      return "network unreachable";
    case SocketError::connection_aborted:
      return "connection aborted";
    case SocketError::connection_reset:
      return "connection reset by the other side";
    case SocketError::no_buffers:
      return "no buffers left";
    case SocketError::is_connected:
      return "already connected";
    case SocketError::not_connected:
      return "not connected";
    case SocketError::timed_out:
      return "the other side does not answer";
    case SocketError::connection_refused:
      return "connection refused";
    case SocketError::host_unreachable:
      return "host unreachable";
    case SocketError::already:
      return "a connection is being made";
    case SocketError::in_progress:
      return "no connection was made in time";
  }
  return "unknown error";
}

namespace detail {
namespace {

/// What is sent before the end is delivered after it.
[[gnu::used]] void (*const finish)() = toro_finish_sockets;

std::unexpected<SocketError> told(filesystem::Error error) {
  return std::unexpected(static_cast<SocketError>(error));
}
SocketResult<> done(const posix::FileResult& result) {
  if (!result) return told(result.error());
  return {};
}

void set(posix::Socket& socket, std::uint32_t level, std::uint32_t option) {
  const std::int32_t on = 1;
  static_cast<void>(socket.set_option(level, option, std::as_bytes(std::span(&on, 1))));
}

std::uint64_t duration_of(std::chrono::nanoseconds timeout) {
  return static_cast<std::uint64_t>(std::max(timeout.count(), std::chrono::nanoseconds::rep{0}));
}

}  // namespace

SocketResult<SocketHandle> SocketHandle::create(Kind kind) {
  auto* const socket = posix::Socket::create(static_cast<posix::SocketType>(kind)).value_or(nullptr);
  if (socket == nullptr) return std::unexpected(SocketError::no_memory);
  socket->when_killed = posix::WhenKilled::gives_up;
  return SocketHandle(*socket);
}

SocketResult<> SocketHandle::bind(Endpoint local) {
  return done(socket_->bind(local));
}
SocketResult<> SocketHandle::listen(std::uint16_t backlog) {
  return done(socket_->listen(backlog));
}
SocketResult<SocketHandle> SocketHandle::accept() {
  const auto accepted = socket_->accept();
  if (!accepted) return told(accepted.error());
  (*accepted)->set_receive_timeout(0);
  return SocketHandle(**accepted);
}
SocketResult<> SocketHandle::connect(Endpoint remote) {
  return done(socket_->connect(remote));
}
std::optional<SocketError> SocketHandle::take_error() {
  return socket_->take_error();
}

SocketResult<SocketHandle::Received> SocketHandle::receive(std::span<std::byte> to) {
  const posix::IoVector vector{to.data(), to.size()};
  Received received{};
  const auto count = socket_->receive({&vector, 1}, 0, &received.from, &received.size);
  if (!count) return told(count.error());
  return received;
}

SocketResult<std::size_t> SocketHandle::send(std::span<const std::byte> from, std::optional<Endpoint> to) {
  const posix::IoVector vector{const_cast<std::byte*>(from.data()), from.size()};
  const auto count = socket_->send({&vector, 1}, 0, to);
  if (!count) return told(count.error());
  return static_cast<std::size_t>(*count);
}

SocketResult<> SocketHandle::shutdown_sending() {
  constexpr std::uint32_t kWrite = 1;
  return done(socket_->shutdown(kWrite));
}

void SocketHandle::set_waits(Waits waits) {
  socket_->is_non_blocking = waits == Waits::no;
}
void SocketHandle::set_no_delay() {
  set(*socket_, 6, 1);  // IPPROTO_TCP, TCP_NODELAY
}
void SocketHandle::set_broadcast() {
  set(*socket_, 1, 6);  // SOL_SOCKET, SO_BROADCAST
}
void SocketHandle::set_receive_timeout(std::chrono::nanoseconds timeout) {
  socket_->set_receive_timeout(duration_of(timeout));
}
void SocketHandle::set_send_timeout(std::chrono::nanoseconds timeout) {
  socket_->set_send_timeout(duration_of(timeout));
}
Endpoint SocketHandle::local() const {
  return socket_->local();
}
std::optional<Endpoint> SocketHandle::remote() const {
  return socket_->remote();
}
void SocketHandle::close() {
  posix::let_go(*socket_);
}

}  // namespace detail
}  // namespace toro
