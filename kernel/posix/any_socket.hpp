// What system calls on sockets ask of a socket, of whatever family.
#pragma once

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/network/error.hpp"
#include "kernel/posix/descriptors.hpp"

namespace toro::posix {

/// [Linux include/linux/net.h]
enum class SocketType : std::uint8_t { stream = 1, datagram = 2 };

/// [Linux include/linux/socket.h]
inline constexpr std::uint32_t kPeek = 2;
inline constexpr std::uint32_t kTruncate = 0x20;
inline constexpr std::uint32_t kDoNotWait = 0x40;
inline constexpr std::uint32_t kWaitForAll = 0x100;

[[nodiscard]] inline std::unexpected<filesystem::Error> socket_failure(inet::Error error) {
  return std::unexpected(static_cast<filesystem::Error>(error));
}

/// An address that the caller gives, as the C library has those of its family; null: none.
struct GivenAddress {
  const void* bytes;
  std::size_t size;

  /// The address's first bytes, where it has as many; Error::invalid.
  template <class T>
  [[nodiscard]] filesystem::Result<T> as() const {
    if (bytes == nullptr || size < sizeof(T)) return socket_failure(inet::Error::invalid);
    T value;
    __builtin_memcpy(&value, bytes, sizeof value);
    return value;
  }
};

/// Where an address goes: as much as there is room for. `size` says how much that is, and then how much there was to
/// say. Either may be null.
struct WantedAddress {
  void* to;
  std::uint32_t* size;

  template <class T>
  void put(const T& address) const {
    if (to == nullptr || size == nullptr) return;
    std::memcpy(to, &address, std::min<std::size_t>(*size, sizeof address));
    *size = sizeof address;
  }
  void put_none() const {
    if (size != nullptr) *size = 0;
  }
};

/// Functions are for threads of any core, and may wait.
class AnySocket : public Stream {
 public:
  [[nodiscard]] virtual FileResult bind(GivenAddress local) = 0;
  [[nodiscard]] virtual FileResult listen(std::int32_t backlog) = 0;
  [[nodiscard]] virtual filesystem::Result<AnySocket*> accept_any() = 0;
  [[nodiscard]] virtual FileResult connect(GivenAddress remote) = 0;
  [[nodiscard]] virtual FileResult send(std::span<const IoVector> from, std::uint32_t flags, GivenAddress to) = 0;
  /// `size`: of a datagram, all of it.
  [[nodiscard]] virtual FileResult receive(std::span<const IoVector> to, std::uint32_t flags, WantedAddress from,
                                           std::size_t& size) = 0;
  [[nodiscard]] virtual FileResult shutdown(std::uint32_t how) = 0;
  [[nodiscard]] virtual FileResult local_address(WantedAddress to) = 0;
  [[nodiscard]] virtual FileResult remote_address(WantedAddress to) = 0;
  [[nodiscard]] virtual FileResult set_option(std::uint32_t level, std::uint32_t name,
                                              std::span<const std::byte> value) = 0;
  /// How many bytes of `value` it takes.
  [[nodiscard]] virtual FileResult option(std::uint32_t level, std::uint32_t name, std::span<std::byte> value) = 0;

 protected:
  AnySocket() : Stream(StreamKind::socket) {}
  ~AnySocket() = default;
};

/// What poll() tells of a stream; null: it is not connected. [poll(2)]
template <class Connection>
[[nodiscard]] Events readiness_of(Connection* connection) {
  if (connection == nullptr) return kOut | kHangUp;
  Events events = 0;
  if (connection->is_readable()) events |= kIn;
  if (connection->is_writable()) events |= kOut;
  if (connection->has_error()) events |= kError;
  if (connection->has_ended_receiving()) events |= kReadHangUp;
  if (connection->has_ended_receiving() && connection->has_ended_sending()) events |= kHangUp;
  return events;
}

/// What connect() answers of a connection that was begun, by this call or by an earlier one whose end nobody was told
/// yet (`is_untold`). One that failed is closed, and `connection` null.
template <class Connection>
[[nodiscard]] FileResult outcome_of_connecting(Connection*& connection, bool& is_untold, bool by_this_call) {
  if (connection->is_connecting()) return socket_failure(by_this_call ? inet::Error::again : inet::Error::already);
  if (!std::exchange(is_untold, false)) return socket_failure(inet::Error::is_connected);
  const auto error = connection->take_error();
  if (!error) return 0;
  std::exchange(connection, nullptr)->close();
  return socket_failure(*error);
}

/// The socket that `number` stands for, held by `descriptor`. Errors: bad_file, ENOTSOCK.
struct HeldSocket {
  Descriptor descriptor;
  [[nodiscard]] static filesystem::Result<HeldSocket> find(std::int32_t number);
  [[nodiscard]] AnySocket* operator->() const { return static_cast<AnySocket*>(descriptor.stream()); }
};

/// A stream between this machine and its host; only in images that use <linux/vm_sockets.h>.
[[gnu::weak]] filesystem::Result<AnySocket*> make_vsock_socket();
/// Waits until the other sides have what was sent by streams that are closed, for `patience` nanoseconds at most. There
/// where make_vsock_socket() is.
[[gnu::weak]] void finish_vsock(std::uint64_t patience);

}  // namespace toro::posix
