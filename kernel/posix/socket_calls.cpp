// System calls on sockets: addresses and messages as the C library has them.
#include "kernel/posix/socket_calls.hpp"

#include <cstring>

#include "kernel/posix/socket.hpp"

namespace toro::posix {
namespace {

using inet::Endpoint;

constexpr std::uint16_t kUnspecified = 0;  // AF_UNSPEC
constexpr std::uint16_t kInternet = 2;     // AF_INET
constexpr std::uint32_t kNonBlocking = 04000;
constexpr std::uint32_t kCloseOnExec = 02000000;
constexpr std::uint32_t kTypeMask = 0xf;
constexpr std::size_t kMostVectors = 1024;

constexpr auto kNoProtocol = static_cast<filesystem::Error>(93);
constexpr auto kNoType = static_cast<filesystem::Error>(94);
constexpr auto kNoFamily = static_cast<filesystem::Error>(97);

/// [ip(7)]
struct SocketAddress {
  std::uint16_t family = kInternet;
  inet::Big16 port{};
  inet::Ipv4Address address{};
  std::uint8_t zero[8]{};
};
static_assert(sizeof(SocketAddress) == 16);

/// [recvmsg(2)]; Linux and the C library differ in how wide the counts are, and agree on their lower halves.
struct Message {
  SocketAddress* name;
  std::uint32_t name_size;
  const IoVector* vectors;
  std::uint32_t vector_count;
  void* control;
  std::uint64_t control_size;
  std::uint32_t flags;
};
static_assert(offsetof(Message, vectors) == 16 && offsetof(Message, control) == 32 && offsetof(Message, flags) == 48);

/// Nothing: of no family.
filesystem::Result<std::optional<Endpoint>> endpoint_of(const SocketAddress* address, std::size_t size) {
  if (size < sizeof address->family) return socket_failure(inet::Error::invalid);
  if (address->family == kUnspecified) return std::nullopt;
  if (address->family != kInternet) return std::unexpected(kNoFamily);
  if (size < sizeof(SocketAddress)) return socket_failure(inet::Error::invalid);
  return Endpoint{address->address, address->port};
}

/// As much as there is room for; `size` says how much there is, and then how much there was to say.
void put(const Endpoint& endpoint, SocketAddress* to, std::uint32_t* size) {
  if (to == nullptr || size == nullptr) return;
  const SocketAddress address{.port = endpoint.port, .address = endpoint.address};
  std::memcpy(static_cast<void*>(to), &address, std::min<std::size_t>(*size, sizeof address));
  *size = sizeof address;
}

filesystem::Result<HeldSocket> socket_of(const SyscallFrame& frame) {
  return HeldSocket::find(frame.value<std::int32_t>(0));
}

filesystem::Result<std::optional<Endpoint>> destination_of(const SocketAddress* address, std::size_t size) {
  if (address == nullptr || size == 0) return std::nullopt;
  return endpoint_of(address, size);
}

FileResult accept(const SyscallFrame& frame, std::uint32_t flags) {
  const HeldSocket socket = TRY(socket_of(frame));
  Socket* const accepted = TRY(socket->accept());
  accepted->is_non_blocking = (flags & kNonBlocking) != 0;
  if (const auto remote = accepted->remote())
    put(*remote, frame.pointer<SocketAddress>(1), frame.pointer<std::uint32_t>(2));
  return add_descriptor(*accepted, (flags & kCloseOnExec) != 0);
}

}  // namespace

FileResult call_socket(SyscallFrame& frame) {
  const auto type = frame.value<std::uint32_t>(1);
  const auto protocol = frame.value<std::uint32_t>(2);
  if (frame.value<std::uint32_t>(0) != kInternet) return std::unexpected(kNoFamily);
  const auto kind = static_cast<SocketType>(type & kTypeMask);
  if (kind != SocketType::stream && kind != SocketType::datagram) return std::unexpected(kNoType);
  const auto wanted = kind == SocketType::stream ? inet::Protocol::tcp : inet::Protocol::udp;
  if (protocol != 0 && protocol != std::to_underlying(wanted)) return std::unexpected(kNoProtocol);
  Socket* const socket = TRY(Socket::create(kind));
  socket->is_non_blocking = (type & kNonBlocking) != 0;
  return add_descriptor(*socket, (type & kCloseOnExec) != 0);
}

FileResult call_bind(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  const auto endpoint = TRY(endpoint_of(frame.pointer<const SocketAddress>(1), frame.argument(2)));
  if (!endpoint) return std::unexpected(kNoFamily);
  return socket->bind(*endpoint);
}

FileResult call_listen(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  return socket->listen(frame.value<std::int32_t>(1));
}

FileResult call_accept(SyscallFrame& frame) {
  return accept(frame, 0);
}
FileResult call_accept4(SyscallFrame& frame) {
  return accept(frame, frame.value<std::uint32_t>(3));
}

FileResult call_connect(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  return socket->connect(TRY(endpoint_of(frame.pointer<const SocketAddress>(1), frame.argument(2))));
}

FileResult call_sendto(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  const auto to = TRY(destination_of(frame.pointer<const SocketAddress>(4), frame.value<std::uint32_t>(5)));
  const IoVector vector{frame.pointer<std::byte>(1), frame.argument(2)};
  return socket->send({&vector, 1}, frame.value<std::uint32_t>(3), to);
}

FileResult call_recvfrom(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  const IoVector vector{frame.pointer<std::byte>(1), frame.argument(2)};
  Endpoint from;
  const FileResult count = socket->receive({&vector, 1}, frame.value<std::uint32_t>(3), &from, nullptr);
  if (count && socket->type() == SocketType::datagram)
    put(from, frame.pointer<SocketAddress>(4), frame.pointer<std::uint32_t>(5));
  return count;
}

FileResult call_sendmsg(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  const auto& message = *frame.pointer<const Message>(1);
  if (message.vector_count > kMostVectors) return socket_failure(inet::Error::message_size);
  const auto to = TRY(destination_of(message.name, message.name_size));
  return socket->send({message.vectors, message.vector_count}, frame.value<std::uint32_t>(2), to);
}

FileResult call_recvmsg(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  auto& message = *frame.pointer<Message>(1);
  if (message.vector_count > kMostVectors) return socket_failure(inet::Error::message_size);
  const std::span vectors{message.vectors, message.vector_count};
  std::size_t room = 0;
  for (const IoVector& vector : vectors) room += vector.size;
  Endpoint from;
  std::size_t size = 0;
  const FileResult count = socket->receive(vectors, frame.value<std::uint32_t>(2), &from, &size);
  if (!count) return count;
  message.control_size = 0;
  message.flags = size > room ? kTruncate : 0;
  if (socket->type() == SocketType::datagram)
    put(from, message.name, &message.name_size);
  else
    message.name_size = 0;
  return count;
}

FileResult call_shutdown(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  return socket->shutdown(frame.value<std::uint32_t>(1));
}

FileResult call_getsockname(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  put(socket->local(), frame.pointer<SocketAddress>(1), frame.pointer<std::uint32_t>(2));
  return 0;
}

FileResult call_getpeername(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  const auto remote = socket->remote();
  if (!remote) return socket_failure(inet::Error::not_connected);
  put(*remote, frame.pointer<SocketAddress>(1), frame.pointer<std::uint32_t>(2));
  return 0;
}

FileResult call_setsockopt(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  return socket->set_option(frame.value<std::uint32_t>(1), frame.value<std::uint32_t>(2),
                            {frame.pointer<const std::byte>(3), frame.value<std::uint32_t>(4)});
}

FileResult call_getsockopt(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  auto& size = *frame.pointer<std::uint32_t>(4);
  size = static_cast<std::uint32_t>(TRY(socket->option(frame.value<std::uint32_t>(1), frame.value<std::uint32_t>(2),
                                                       {frame.pointer<std::byte>(3), size})));
  return 0;
}

}  // namespace toro::posix
