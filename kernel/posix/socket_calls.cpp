// System calls on sockets: addresses and messages as the C library has them.
#include "kernel/posix/socket_calls.hpp"

#include "kernel/posix/socket.hpp"

namespace toro::posix {
namespace {

constexpr std::uint32_t kInternet = 2;  // AF_INET
constexpr std::uint32_t kVsock = 40;    // AF_VSOCK
constexpr std::uint32_t kNonBlocking = 04000;
constexpr std::uint32_t kCloseOnExec = 02000000;
constexpr std::uint32_t kTypeMask = 0xf;
constexpr std::size_t kMostVectors = 1024;

constexpr auto kNoProtocol = static_cast<filesystem::Error>(93);
constexpr auto kNoType = static_cast<filesystem::Error>(94);
constexpr auto kNoFamily = static_cast<filesystem::Error>(97);

/// [recvmsg(2)]; Linux and the C library differ in how wide the counts are, and agree on their lower halves.
struct Message {
  void* name;
  std::uint32_t name_size;
  const IoVector* vectors;
  std::uint32_t vector_count;
  void* control;
  std::uint64_t control_size;
  std::uint32_t flags;
};
static_assert(offsetof(Message, vectors) == 16 && offsetof(Message, control) == 32 && offsetof(Message, flags) == 48);

filesystem::Result<HeldSocket> socket_of(const SyscallFrame& frame) {
  return HeldSocket::find(frame.value<std::int32_t>(0));
}

/// The address that two arguments describe, the first of which is `index`.
GivenAddress given(const SyscallFrame& frame, unsigned index) {
  return {frame.pointer<const void>(index), frame.value<std::uint32_t>(index + 1)};
}
WantedAddress wanted(const SyscallFrame& frame, unsigned index) {
  return {frame.pointer<void>(index), frame.pointer<std::uint32_t>(index + 1)};
}

FileResult accept(const SyscallFrame& frame, std::uint32_t flags) {
  const HeldSocket socket = TRY(socket_of(frame));
  auto descriptor = TRY(NewDescriptor::reserve());
  AnySocket* const accepted = TRY(socket->accept_any());
  accepted->is_non_blocking = (flags & kNonBlocking) != 0;
  static_cast<void>(accepted->remote_address(wanted(frame, 1)));  // it may have gone again
  return descriptor.open(*accepted, (flags & kCloseOnExec) != 0);
}

}  // namespace

FileResult call_socket(SyscallFrame& frame) {
  const auto family = frame.value<std::uint32_t>(0);
  const auto type = frame.value<std::uint32_t>(1);
  const auto protocol = frame.value<std::uint32_t>(2);
  const auto kind = static_cast<SocketType>(type & kTypeMask);
  const bool is_vsock = family == kVsock && make_vsock_socket != nullptr;
  if (family != kInternet && !is_vsock) return std::unexpected(kNoFamily);
  if (kind != SocketType::stream && (is_vsock || kind != SocketType::datagram)) return std::unexpected(kNoType);
  const auto wanted = kind == SocketType::stream ? inet::Protocol::tcp : inet::Protocol::udp;
  if (protocol != 0 && (is_vsock || protocol != std::to_underlying(wanted))) return std::unexpected(kNoProtocol);
  auto descriptor = TRY(NewDescriptor::reserve());
  AnySocket* const socket = is_vsock ? TRY(make_vsock_socket()) : TRY(Socket::create(kind));
  socket->is_non_blocking = (type & kNonBlocking) != 0;
  return descriptor.open(*socket, (type & kCloseOnExec) != 0);
}

FileResult call_bind(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  return socket->bind(given(frame, 1));
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
  return socket->connect(given(frame, 1));
}

FileResult call_sendto(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  const IoVector vector{frame.pointer<std::byte>(1), frame.argument(2)};
  return socket->send({&vector, 1}, frame.value<std::uint32_t>(3), given(frame, 4));
}

FileResult call_recvfrom(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  const IoVector vector{frame.pointer<std::byte>(1), frame.argument(2)};
  std::size_t size = 0;
  return socket->receive({&vector, 1}, frame.value<std::uint32_t>(3), wanted(frame, 4), size);
}

FileResult call_sendmsg(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  const auto& message = *frame.pointer<const Message>(1);
  if (message.vector_count > kMostVectors) return socket_failure(inet::Error::message_size);
  return socket->send({message.vectors, message.vector_count}, frame.value<std::uint32_t>(2),
                      {message.name, message.name_size});
}

FileResult call_recvmsg(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  auto& message = *frame.pointer<Message>(1);
  if (message.vector_count > kMostVectors) return socket_failure(inet::Error::message_size);
  const std::span vectors{message.vectors, message.vector_count};
  std::size_t room = 0;
  for (const IoVector& vector : vectors) room += vector.size;
  std::size_t size = 0;
  const FileResult count =
      socket->receive(vectors, frame.value<std::uint32_t>(2), {message.name, &message.name_size}, size);
  if (!count) return count;
  message.control_size = 0;
  message.flags = size > room ? kTruncate : 0;
  return count;
}

FileResult call_shutdown(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  return socket->shutdown(frame.value<std::uint32_t>(1));
}

FileResult call_getsockname(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  return socket->local_address(wanted(frame, 1));
}

FileResult call_getpeername(SyscallFrame& frame) {
  const HeldSocket socket = TRY(socket_of(frame));
  return socket->remote_address(wanted(frame, 1));
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
