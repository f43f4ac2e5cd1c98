// Sockets of the Internet.
#include "kernel/posix/socket.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/posix/interface_wait.hpp"
#include "kernel/posix/socket_wait.hpp"
#include "kernel/tables/table.hpp"

/// What debuggers know of sockets; null in images without the stub.
namespace toro::tables {
[[gnu::weak]] extern const Table sockets_table;
TORO_OBJECT_TABLE(sockets_table);
}  // namespace toro::tables

namespace toro::posix {
namespace {

using inet::Endpoint;
using inet::Interface;
using inet::Ipv4Address;
using inet::Stack;
using inet::TcpConnection;
using inet::UdpSocket;
using SocketError = inet::Error;

constexpr auto kInterrupted = static_cast<filesystem::Error>(4);

/// How a call of the stack ends as a system call.
template <class T>
FileResult told(const inet::Result<T>& result) {
  if (!result) return socket_failure(result.error());
  if constexpr (std::is_void_v<T>)
    return 0;
  else
    return static_cast<std::int64_t>(*result);
}

std::size_t size_of(std::span<const IoVector> vectors) {
  std::size_t size = 0;
  for (const IoVector& vector : vectors) size += vector.size;
  return size;
}

}  // namespace

Interface& interface_for(Ipv4Address local, Ipv4Address remote) {
  Interface* best = nullptr;
  unsigned best_fit = 0;
  for (Interface* const candidate : inet::interfaces()) {
    if (&candidate->first() != candidate) continue;
    const unsigned fit = candidate->run([&](Stack& stack) -> unsigned {
      if (!local.is_any()) return stack.is_own(local) ? 3 : 0;
      if (!stack.is_configured()) return 0;
      if (stack.is_own(remote)) return 3;
      if (stack.configuration().is_neighbour(remote)) return 2;
      return stack.configuration().gateway.is_any() ? 0 : 1;
    });
    if (best == nullptr || fit > best_fit) {
      best = candidate;
      best_fit = fit;
    }
  }
  return *best;
}

filesystem::Result<Socket*> Socket::create(SocketType type) {
  Socket* const socket = inet::make<Socket>(type);
  if (socket == nullptr) return std::unexpected(filesystem::Error::no_memory);
  return socket;
}

filesystem::Result<HeldSocket> HeldSocket::find(std::int32_t number) {
  constexpr auto kNotASocket = static_cast<filesystem::Error>(88);
  HeldSocket socket{TRY(Descriptor::find(number))};
  const Stream* const stream = socket.descriptor.stream();
  if (stream == nullptr || stream->kind() != StreamKind::socket) return std::unexpected(kNotASocket);
  return socket;
}

/// Of several queues, the one that it would have if there were no others, unless no other socket can be meant instead:
/// where it begins a connection, or shares its port.
void Socket::choose_interface(Ipv4Address local, Ipv4Address remote) {
  if (has_interface()) return;
  Interface& interface = interface_for(local, remote);
  interface_ = options_.reuse_port || !remote.is_any() ? &interface.of_this_core() : &interface;
}

inet::Reuse Socket::reuse() const {
  if (options_.reuse_port) return inet::Reuse::port;
  return options_.reuse_address ? inet::Reuse::address : inet::Reuse::no;
}

/// Whether no socket at another queue of its interface keeps it from `local`.
bool Socket::is_free_at_others(Endpoint local) {
  for (Interface* other = &interface().first(); other != nullptr; other = other->next()) {
    if (other == &interface()) continue;
    const bool is_free = other->run([&](Stack& stack) {
      return type_ == SocketType::stream ? stack.tcp().is_free(local, reuse()) : stack.udp().is_free(local, reuse());
    });
    if (!is_free) return false;
  }
  return true;
}

Interface& Socket::interface() {
  choose_interface({}, {});
  return *interface_.load(std::memory_order_acquire);
}

template <class F>
auto Socket::run(F f) {
  return interface().run(f);
}

template <class F>
FileResult Socket::until_done(bool waits, std::uint64_t timeout, F attempt) {
  return try_until_done([&](auto f) { return run(f); }, watches_, waits, timeout, attempt, when_killed);
}

UdpSocket* Socket::datagram_socket(Stack& stack) {
  if (datagrams_ == nullptr) {
    datagrams_ = inet::make<UdpSocket>(stack.udp(), static_cast<inet::Observer*>(this));
    apply_options();
  }
  return datagrams_;
}

void Socket::apply_options() {
  if (datagrams_ != nullptr) {
    datagrams_->allow_broadcast(options_.broadcast);
    datagrams_->set_reuse(reuse());
  }
  if (connection_ == nullptr) return;
  connection_->set_no_delay(options_.no_delay);
  connection_->set_keep_alive(options_.keep_alive);
}

/// A wait that gives up is no failure here: there may be a way all the same.
FileResult Socket::wait_to_reach(Ipv4Address remote) {
  if (remote.is_loopback()) return 0;
  if (wait_for_address(interface()) == posix::failure(Error::interrupted)) return std::unexpected(kInterrupted);
  return 0;
}

FileResult Socket::bind(Endpoint local) {
  choose_interface(local.address, {});
  TRY(wait_to_reach(local.address));  // who is told that it is bound can reach it
  if (local.port != 0 && !is_free_at_others(local)) return socket_failure(SocketError::address_in_use);
  return run([&](Stack& stack) -> FileResult {
    if (type_ == SocketType::datagram) {
      UdpSocket* const socket = datagram_socket(stack);
      if (socket == nullptr) return socket_failure(SocketError::no_buffers);
      return told(socket->bind(local));
    }
    if (bound_.port != 0 || listener_ != nullptr || connection_ != nullptr) return socket_failure(SocketError::invalid);
    if (!local.address.is_any() && !stack.is_own(local.address))
      return socket_failure(SocketError::address_not_available);
    if (local.port == 0) local.port = stack.tcp().free_port(local.address);
    if (local.port == 0 || !stack.tcp().is_free(local, reuse())) return socket_failure(SocketError::address_in_use);
    bound_ = local;
    return 0;
  });
}

FileResult Socket::listen(std::int32_t backlog) {
  if (type_ != SocketType::stream) return socket_failure(SocketError::not_supported);
  const Endpoint local = run([&](Stack&) { return bound_; });
  if (local.port != 0 && !is_free_at_others(local)) return socket_failure(SocketError::address_in_use);
  return run([&](Stack& stack) -> FileResult {
    if (connection_ != nullptr) return socket_failure(SocketError::invalid);
    const bool is_new = listener_ == nullptr;
    if (is_new) listener_ = inet::make<inet::TcpListener>(stack.tcp(), static_cast<inet::Observer*>(this));
    if (listener_ == nullptr) return socket_failure(SocketError::no_buffers);
    const auto listens = listener_->listen(bound_, backlog < 1 ? 1 : static_cast<std::size_t>(backlog),
                                           std::max(reuse(), inet::Reuse::address));
    if (!listens && is_new) inet::dispose(std::exchange(listener_, nullptr));
    return told(listens);
  });
}

filesystem::Result<Socket*> Socket::accept() {
  if (type_ != SocketType::stream) return socket_failure(SocketError::not_supported);
  Socket* const accepted = TRY(create(SocketType::stream));
  accepted->interface_ = &interface();
  const FileResult done = until_done(may_wait(0), options_.receive_timeout, [&](Stack&) -> FileResult {
    if (listener_ == nullptr) return socket_failure(SocketError::invalid);
    const auto connection = listener_->accept();
    if (!connection) return socket_failure(connection.error());
    accepted->connection_ = *connection;
    accepted->connection_->set_observer(accepted);
    accepted->options_ = options_;
    accepted->when_killed = when_killed;
    accepted->apply_options();
    return 0;
  });
  if (done) return accepted;
  inet::dispose(accepted);
  return std::unexpected(done.error());
}

FileResult Socket::begin_connection(Stack& stack, Endpoint remote) {
  const auto begun = stack.tcp().connect(bound_, remote, this);
  if (!begun) return socket_failure(begun.error());
  connection_ = *begun;
  is_connecting_ = true;
  apply_options();
  return socket_failure(SocketError::again);
}

FileResult Socket::connect(std::optional<Endpoint> remote) {
  if (!remote) {
    if (type_ == SocketType::stream) return socket_failure(SocketError::not_supported);
    return run([&](Stack& stack) -> FileResult {
      if (UdpSocket* const socket = datagram_socket(stack)) socket->disconnect();
      return 0;
    });
  }
  if (remote->address.is_any()) remote->address = {{127, 0, 0, 1}};
  choose_interface({}, remote->address);
  TRY(wait_to_reach(remote->address));
  if (type_ == SocketType::datagram)
    return run([&](Stack& stack) -> FileResult {
      UdpSocket* const socket = datagram_socket(stack);
      if (socket == nullptr) return socket_failure(SocketError::no_buffers);
      return told(socket->connect(*remote));
    });
  bool has_begun = false;
  const bool waits = may_wait(0);
  FileResult done = until_done(waits, options_.send_timeout, [&](Stack& stack) -> FileResult {
    if (listener_ != nullptr) return socket_failure(SocketError::invalid);
    if (connection_ == nullptr) {
      has_begun = true;
      return begin_connection(stack, *remote);
    }
    return outcome_of_connecting(connection_, is_connecting_, has_begun);
  });
  if (done == socket_failure(SocketError::again)) return socket_failure(SocketError::in_progress);
  return done;
}

FileResult Socket::send(std::span<const IoVector> from, std::uint32_t flags, std::optional<Endpoint> to) {
  return type_ == SocketType::stream ? send_stream(from, flags) : send_datagram(from, flags, to);
}

FileResult Socket::send_stream(std::span<const IoVector> from, std::uint32_t flags) {
  return send_parts(from, [&](inet::Bytes bytes) {
    return until_done(may_wait(flags), options_.send_timeout, [&](Stack&) -> FileResult {
      if (connection_ == nullptr)
        return socket_failure(listener_ == nullptr ? SocketError::broken_pipe : SocketError::not_connected);
      return told(connection_->send(bytes));
    });
  });
}

FileResult Socket::send_datagram(std::span<const IoVector> from, std::uint32_t, std::optional<Endpoint> to) {
  constexpr auto kAccess = filesystem::Error::access;
  const std::size_t size = size_of(from);
  if (size > UdpSocket::kMostPayload) return socket_failure(SocketError::message_size);
  if (to) {
    choose_interface({}, to->address);
    TRY(wait_to_reach(to->address));
  }
  inet::Bytes payload{from.empty() ? nullptr : from[0].base, size};
  std::byte* gathered = nullptr;
  if (from.size() > 1 && size != 0) {
    gathered = static_cast<std::byte*>(heap::allocate(size));
    if (gathered == nullptr) return socket_failure(SocketError::no_buffers);
    std::byte* at = gathered;
    for (const IoVector& vector : from) at = std::copy_n(vector.base, vector.size, at);
    payload = {gathered, size};
  }
  const FileResult done = run([&](Stack& stack) -> FileResult {
    UdpSocket* const socket = datagram_socket(stack);
    if (socket == nullptr) return socket_failure(SocketError::no_buffers);
    const auto remote = to ? to : socket->remote();
    if (remote && !socket->may_broadcast() &&
        (remote->address.is_limited_broadcast() ||
         (stack.is_configured() && remote->address == stack.configuration().broadcast())))
      return std::unexpected(kAccess);
    return told(socket->send(to, payload));
  });
  heap::free(gathered);
  if (!done) return done;
  return static_cast<std::int64_t>(size);
}

FileResult Socket::receive(std::span<const IoVector> to, std::uint32_t flags, Endpoint* from, std::size_t* size) {
  if (type_ == SocketType::datagram) return receive_datagram(to, flags, from, size);
  const FileResult count = receive_stream(to, flags);
  if (count && size != nullptr) *size = static_cast<std::size_t>(*count);
  return count;
}

FileResult Socket::receive_stream(std::span<const IoVector> to, std::uint32_t flags) {
  const auto take = (flags & kPeek) != 0 ? TcpConnection::Take::only_look : TcpConnection::Take::away;
  return receive_parts(to, flags, [&](inet::MutableBytes room, bool waits) {
    return until_done(waits && may_wait(flags), options_.receive_timeout, [&](Stack&) -> FileResult {
      if (connection_ == nullptr) return socket_failure(SocketError::not_connected);
      return told(connection_->receive(room, take));
    });
  });
}

FileResult Socket::receive_datagram(std::span<const IoVector> to, std::uint32_t flags, Endpoint* from,
                                    std::size_t* size) {
  const auto take = (flags & kPeek) != 0 ? UdpSocket::Take::only_look : UdpSocket::Take::away;
  const std::size_t room = size_of(to);
  inet::MutableBytes buffer{to.empty() ? nullptr : to[0].base, room};
  std::byte* gathered = nullptr;
  if (to.size() > 1) {
    gathered = static_cast<std::byte*>(heap::allocate(room));
    if (gathered == nullptr) return socket_failure(SocketError::no_buffers);
    buffer = {gathered, room};
  }
  UdpSocket::Received received{};
  const FileResult done = until_done(may_wait(flags), options_.receive_timeout, [&](Stack& stack) -> FileResult {
    UdpSocket* const socket = datagram_socket(stack);
    if (socket == nullptr) return socket_failure(SocketError::no_buffers);
    const auto got = socket->receive(buffer, take);
    if (!got) return socket_failure(got.error());
    received = *got;
    return 0;
  });
  if (gathered != nullptr) {
    inet::Bytes left{gathered, std::min(received.size, room)};
    for (const IoVector& vector : to) {
      const inet::Bytes part = left.first(std::min(left.size(), vector.size));
      std::ranges::copy(part, vector.base);
      left = left.subspan(part.size());
    }
    heap::free(gathered);
  }
  if (!done) return done;
  if (from != nullptr) *from = received.from;
  if (size != nullptr) *size = received.size;
  return static_cast<std::int64_t>((flags & kTruncate) != 0 ? received.size : std::min(received.size, room));
}

FileResult Socket::shutdown(std::uint32_t how) {
  enum How : std::uint32_t { kRead = 0, kWrite = 1, kBoth = 2 };
  if (how > kBoth) return socket_failure(SocketError::invalid);
  return run([&](Stack&) -> FileResult {
    if (connection_ == nullptr) return socket_failure(SocketError::not_connected);
    if (how != kWrite) connection_->shutdown_receiving();
    if (how != kRead) connection_->shutdown_sending();
    watches_.raise();
    return 0;
  });
}

Endpoint Socket::local() {
  return run([&](Stack& stack) {
    if (connection_ != nullptr) return connection_->local();
    if (listener_ != nullptr) return listener_->local();
    if (type_ == SocketType::stream) return bound_;
    UdpSocket* const socket = datagram_socket(stack);
    if (socket == nullptr) return Endpoint{};
    Endpoint endpoint = socket->local();
    if (endpoint.address.is_any() && socket->remote())
      endpoint.address = stack.source_for(socket->remote()->address).value_or(Ipv4Address{});
    return endpoint;
  });
}

std::optional<Endpoint> Socket::remote() {
  return run([&](Stack&) -> std::optional<Endpoint> {
    if (datagrams_ != nullptr) return datagrams_->remote();
    if (connection_ == nullptr || connection_->is_connecting() || connection_->state() == inet::TcpState::closed)
      return std::nullopt;
    return connection_->remote();
  });
}

FileResult Socket::control(std::uint32_t request, void* argument) {
  enum Request : std::uint32_t { kBytesToRead = 0x541b, kBytesUnsent = 0x5411, kNonBlocking = 0x5421 };
  auto* const number = static_cast<std::int32_t*>(argument);
  switch (request) {
    case kNonBlocking:
      is_non_blocking = *number != 0;
      return 0;
    case kBytesToRead:
      *number = run([&](Stack&) {
        if (datagrams_ != nullptr) return static_cast<std::int32_t>(datagrams_->next_size());
        return connection_ == nullptr ? 0 : static_cast<std::int32_t>(connection_->readable_bytes());
      });
      return 0;
    case kBytesUnsent:
      *number = run(
          [&](Stack&) { return connection_ == nullptr ? 0 : static_cast<std::int32_t>(connection_->unsent_bytes()); });
      return 0;
    default:
      return std::unexpected(kNotATerminal);
  }
}

/// [poll(2)]
Events Socket::readiness() const {
  if (type_ == SocketType::datagram)
    return kOut | (datagrams_ != nullptr && datagrams_->is_readable() ? kIn : Events{0});
  if (listener_ != nullptr) return listener_->is_readable() ? kIn : Events{0};
  return readiness_of(connection_);
}

Events Socket::poll(inet::Watch* watch) {
  return run([&](Stack& stack) {
    if (type_ == SocketType::datagram) static_cast<void>(datagram_socket(stack));
    if (watch != nullptr) watches_.add(*watch);
    return readiness();
  });
}

void Socket::unwatch(inet::Watch& watch) {
  run([&](Stack&) {
    watches_.remove(watch);
    return 0;
  });
}

void Socket::close() {
  if (has_interface())
    run([&](Stack&) {
      inet::dispose(datagrams_);
      inet::dispose(listener_);
      if (connection_ == nullptr) return 0;
      if (options_.linger == 0)
        connection_->abort();
      else
        connection_->close();
      return 0;
    });
  inet::dispose(this);
}

}  // namespace toro::posix
