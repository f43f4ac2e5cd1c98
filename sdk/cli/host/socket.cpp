// Loopback TCP and unix sockets.
#include "sdk/cli/host/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <format>
#include <optional>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {

namespace {

[[noreturn]] void refuse_port(std::uint16_t port, const char* what) {
  auto why = errno == EADDRINUSE ? std::string("it is in use by another program") : std::string(std::strerror(errno));
  throw Failure(std::format("{} 127.0.0.1:{} was expected to be free: {}; choose another", what, port, why));
}

FileDescriptor bind_on_loopback(int type, std::uint16_t port, const char* what) {
  FileDescriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  int on = 1;
  // Of datagrams, it would let two have the same port.
  if (type == SOCK_STREAM) setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) refuse_port(port, what);
  return socket;
}

}  // namespace

Listener listen_on_loopback(std::uint16_t port, const char* what) {
  auto socket = bind_on_loopback(SOCK_STREAM, port, what);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (listen(socket.get(), 128) != 0 || getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    refuse_port(port, what);
  return {std::move(socket), ntohs(address.sin_port)};
}

void require_free_port(Datagrams datagrams, std::uint16_t port, const char* what) {
  static_cast<void>(bind_on_loopback(datagrams == Datagrams::yes ? SOCK_DGRAM : SOCK_STREAM, port, what));
}

FileDescriptor accept_client(const FileDescriptor& listener) {
  FileDescriptor client(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  int on = 1;
  if (client) setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return client;
}

namespace {

std::optional<sockaddr_un> unix_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return std::nullopt;
  std::strcpy(address.sun_path, path.c_str());
  return address;
}

}  // namespace

FileDescriptor listen_unix(const std::filesystem::path& path) {
  const auto address = unix_address(path);
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!address || !socket || bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      listen(socket.get(), 1) != 0)
    throw Failure(std::format("a socket was expected to be possible at {}: {}", path.string(), std::strerror(errno)));
  return socket;
}

FileDescriptor connect_unix(const std::filesystem::path& path) {
  const auto address = unix_address(path);
  if (!address) return {};
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) return {};
  return socket;
}

}  // namespace toro::cli
