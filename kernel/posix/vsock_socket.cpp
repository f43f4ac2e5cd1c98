// Sockets of AF_VSOCK. Linked where something refers to toro_vsock, as <linux/vm_sockets.h> does.
#include "kernel/posix/vsock_socket.hpp"

#include <cstring>

#include "kernel/posix/socket_wait.hpp"

extern "C" const char toro_vsock;
extern "C" constinit const char toro_vsock = 0;

namespace toro::posix {
namespace {

using SocketError = inet::Error;
using vsock::Address;
using vsock::Connection;
using vsock::Device;
using vsock::Streams;

constexpr auto kNoDevice = static_cast<filesystem::Error>(19);
constexpr auto kNoOption = static_cast<filesystem::Error>(92);
constexpr auto kNoFamily = static_cast<filesystem::Error>(97);
constexpr std::uint16_t kFamily = 40;  // AF_VSOCK

/// [Linux include/uapi/linux/vm_sockets.h]
struct SocketAddress {
  std::uint16_t family = kFamily;
  std::uint16_t reserved = 0;
  std::uint32_t port = 0;
  std::uint32_t cid = 0;
  std::uint8_t zero[4]{};
};
static_assert(sizeof(SocketAddress) == 16);

filesystem::Result<Address> parse(GivenAddress given) {
  const auto address = TRY(given.as<SocketAddress>());
  if (address.family != kFamily) return std::unexpected(kNoFamily);
  return Address{address.cid, address.port};
}

SocketAddress address_of(Address address) {
  return {.port = address.port, .cid = address.cid};
}

FileResult told(const inet::Result<std::size_t>& count) {
  if (!count) return socket_failure(count.error());
  return static_cast<std::int64_t>(*count);
}

/// [socket(7)]
struct TimeValue {
  std::int64_t seconds;
  std::int64_t microseconds;
};
enum Level : std::uint32_t { kSocketLevel = 1 };
enum SocketOption : std::uint32_t {
  kType = 3,
  kSocketError = 4,
  kReceiveTimeout = 20,
  kSendTimeout = 21,
  kAcceptsConnections = 30,
  kProtocol = 38,
  kDomain = 39,
};
/// Of level AF_VSOCK. [Linux include/uapi/linux/vm_sockets.h]
enum VsockOption : std::uint32_t { kConnectTimeout = 6, kConnectTimeout64 = 8 };

}  // namespace

filesystem::Result<AnySocket*> make_vsock_socket() {
  Device* const device = Device::find();
  if (device == nullptr) return std::unexpected(kNoDevice);
  AnySocket* const socket = inet::make<VsockSocket>(*device);
  if (socket == nullptr) return std::unexpected(filesystem::Error::no_memory);
  return socket;
}

void finish_vsock(std::uint64_t patience) {
  Device* const device = Device::in_use();
  if (device == nullptr) return;
  static_cast<void>(try_until_done([&](auto f) { return device->run(f); }, device->watches(), true, patience,
                                   [](Streams& streams) -> FileResult {
                                     return streams.still_delivers() ? FileResult(socket_failure(SocketError::again))
                                                                     : 0;
                                   }));
}

template <class F>
FileResult VsockSocket::until_done(bool waits, std::uint64_t timeout, F attempt) {
  return try_until_done([&](auto f) { return device_.run(f); }, watches_, waits, timeout, attempt);
}

FileResult VsockSocket::bind_to(Streams& streams, std::uint32_t number) {
  const auto port = streams.bind(number, this);
  if (!port) return socket_failure(port.error());
  port_ = *port;
  return 0;
}

FileResult VsockSocket::bind(GivenAddress local) {
  const Address address = TRY(parse(local));
  return device_.run([&](Streams& streams) -> FileResult {
    if (port_ != nullptr || connection_ != nullptr) return socket_failure(SocketError::invalid);
    if (address.cid != vsock::kAnyCid && address.cid != streams.cid())
      return socket_failure(SocketError::address_not_available);
    return bind_to(streams, address.port);
  });
}

FileResult VsockSocket::listen(std::int32_t backlog) {
  return device_.run([&](Streams& streams) -> FileResult {
    if (connection_ != nullptr) return socket_failure(SocketError::invalid);
    if (port_ == nullptr) TRY(bind_to(streams, vsock::kAnyPort));
    port_->listen(backlog < 1 ? 1 : static_cast<std::size_t>(backlog));
    return 0;
  });
}

filesystem::Result<AnySocket*> VsockSocket::accept_any() {
  auto* const accepted = inet::make<VsockSocket>(device_);
  if (accepted == nullptr) return std::unexpected(filesystem::Error::no_memory);
  const FileResult done = until_done(may_wait(0), receive_timeout_, [&](Streams&) -> FileResult {
    if (port_ == nullptr || !port_->is_listening()) return socket_failure(SocketError::invalid);
    const auto connection = port_->accept();
    if (!connection) return socket_failure(connection.error());
    accepted->connection_ = *connection;
    accepted->connection_->set_observer(accepted);
    return 0;
  });
  if (done) return accepted;
  inet::dispose(accepted);
  return std::unexpected(done.error());
}

FileResult VsockSocket::begin_connection(Streams& streams, Address remote) {
  if (port_ == nullptr) TRY(bind_to(streams, vsock::kAnyPort));
  const auto begun = streams.connect(port_->number(), remote, this, connect_timeout_);
  if (!begun) return socket_failure(begun.error());
  connection_ = *begun;
  is_connecting_ = true;
  return socket_failure(SocketError::again);
}

FileResult VsockSocket::connect(GivenAddress given) {
  const Address remote = TRY(parse(given));
  bool has_begun = false;
  const FileResult done = until_done(may_wait(0), 0, [&](Streams& streams) -> FileResult {
    if (port_ != nullptr && port_->is_listening()) return socket_failure(SocketError::invalid);
    if (connection_ == nullptr) {
      has_begun = true;
      return begin_connection(streams, remote);
    }
    return outcome_of_connecting(connection_, is_connecting_, has_begun);
  });
  if (done == socket_failure(SocketError::again)) return socket_failure(SocketError::in_progress);
  return done;
}

FileResult VsockSocket::send(std::span<const IoVector> from, std::uint32_t flags, GivenAddress) {
  return send_parts(from, [&](inet::Bytes bytes) {
    return until_done(may_wait(flags), send_timeout_, [&](Streams&) -> FileResult {
      if (connection_ == nullptr) return socket_failure(SocketError::not_connected);
      return told(connection_->send(bytes));
    });
  });
}

FileResult VsockSocket::read(std::span<const IoVector> to) {
  std::size_t size = 0;
  return receive(to, 0, {}, size);
}

FileResult VsockSocket::receive(std::span<const IoVector> to, std::uint32_t flags, WantedAddress from,
                                std::size_t& size) {
  const auto take = (flags & kPeek) != 0 ? Connection::Take::only_look : Connection::Take::away;
  const FileResult count = receive_parts(to, flags, [&](inet::MutableBytes room, bool waits) {
    return until_done(waits && may_wait(flags), receive_timeout_, [&](Streams&) -> FileResult {
      if (connection_ == nullptr) return socket_failure(SocketError::not_connected);
      return told(connection_->receive(room, take));
    });
  });
  if (!count) return count;
  size = static_cast<std::size_t>(*count);
  from.put_none();
  return count;
}

FileResult VsockSocket::shutdown(std::uint32_t how) {
  enum How : std::uint32_t { kRead = 0, kWrite = 1, kBoth = 2 };
  if (how > kBoth) return socket_failure(SocketError::invalid);
  return device_.run([&](Streams&) -> FileResult {
    if (connection_ == nullptr) return socket_failure(SocketError::not_connected);
    if (how != kWrite) connection_->shutdown_receiving();
    if (how != kRead) connection_->shutdown_sending();
    watches_.raise();
    return 0;
  });
}

FileResult VsockSocket::local_address(WantedAddress to) {
  return device_.run([&](Streams& streams) -> FileResult {
    const std::uint32_t port = connection_ != nullptr ? connection_->local_port()
                               : port_ != nullptr     ? port_->number()
                                                      : vsock::kAnyPort;
    to.put(address_of({port == vsock::kAnyPort ? vsock::kAnyCid : streams.cid(), port}));
    return 0;
  });
}

FileResult VsockSocket::remote_address(WantedAddress to) {
  return device_.run([&](Streams&) -> FileResult {
    if (connection_ == nullptr || !connection_->is_established()) return socket_failure(SocketError::not_connected);
    to.put(address_of(connection_->remote()));
    return 0;
  });
}

FileResult VsockSocket::control(std::uint32_t request, void* argument) {
  enum Request : std::uint32_t { kLocalCid = 0x7b9, kBytesToRead = 0x541b, kNonBlocking = 0x5421 };
  switch (request) {
    case kNonBlocking:
      is_non_blocking = *static_cast<std::int32_t*>(argument) != 0;
      return 0;
    case kBytesToRead:
      *static_cast<std::int32_t*>(argument) = device_.run([&](Streams&) {
        return connection_ == nullptr ? 0 : static_cast<std::int32_t>(connection_->readable_bytes());
      });
      return 0;
    case kLocalCid:
      *static_cast<std::uint32_t*>(argument) = device_.run([](Streams& streams) { return streams.cid(); });
      return 0;
    default:
      return std::unexpected(kNotATerminal);
  }
}

FileResult VsockSocket::set_option(std::uint32_t level, std::uint32_t name, std::span<const std::byte> value) {
  const bool is_connect = level == kFamily && (name == kConnectTimeout || name == kConnectTimeout64);
  if (!is_connect && (level != kSocketLevel || (name != kReceiveTimeout && name != kSendTimeout)))
    return std::unexpected(kNoOption);
  const auto time = TRY((GivenAddress{value.data(), value.size()}.as<TimeValue>()));
  if (time.seconds < 0 || time.microseconds < 0 || time.microseconds >= 1'000'000)
    return socket_failure(SocketError::invalid);
  const std::uint64_t timeout = nanoseconds_of({time.seconds, time.microseconds * 1000});
  return device_.run([&](Streams&) -> FileResult {
    if (is_connect)
      connect_timeout_ = timeout;
    else
      (name == kReceiveTimeout ? receive_timeout_ : send_timeout_) = timeout;
    return 0;
  });
}

FileResult VsockSocket::option(std::uint32_t level, std::uint32_t name, std::span<std::byte> value) {
  const auto put = [&](const auto& what) -> FileResult {
    const std::size_t size = std::min(value.size(), sizeof what);
    std::memcpy(value.data(), &what, size);
    return static_cast<std::int64_t>(size);
  };
  const auto number = [&](std::int32_t of) { return put(of); };
  const auto time = [&](std::uint64_t of) {
    return put(TimeValue{static_cast<std::int64_t>(of / inet::kSecond),
                         static_cast<std::int64_t>(of % inet::kSecond / inet::kMicrosecond)});
  };
  return device_.run([&](Streams&) -> FileResult {
    if (level == kFamily && (name == kConnectTimeout || name == kConnectTimeout64)) return time(connect_timeout_);
    if (level != kSocketLevel) return std::unexpected(kNoOption);
    switch (name) {
      case kType:
        return number(std::to_underlying(SocketType::stream));
      case kSocketError: {
        if (connection_ == nullptr) return number(0);
        if (!connection_->is_connecting()) is_connecting_ = false;
        const auto error = connection_->take_error();
        return number(error ? std::to_underlying(*error) : 0);
      }
      case kReceiveTimeout:
        return time(receive_timeout_);
      case kSendTimeout:
        return time(send_timeout_);
      case kAcceptsConnections:
        return number(port_ != nullptr && port_->is_listening() ? 1 : 0);
      case kProtocol:
        return number(0);
      case kDomain:
        return number(kFamily);
      default:
        return std::unexpected(kNoOption);
    }
  });
}

/// [poll(2)]
Events VsockSocket::readiness() {
  if (port_ != nullptr && port_->is_listening()) return port_->is_readable() ? kIn : Events{0};
  return readiness_of(connection_);
}

Events VsockSocket::poll(inet::Watch* watch) {
  return device_.run([&](Streams&) {
    if (watch != nullptr) watches_.add(*watch);
    return readiness();
  });
}

void VsockSocket::unwatch(inet::Watch& watch) {
  device_.run([&](Streams&) {
    watches_.remove(watch);
    return 0;
  });
}

void VsockSocket::close() {
  device_.run([&](Streams&) {
    if (connection_ != nullptr) connection_->close();
    inet::dispose(port_);
    return 0;
  });
  inet::dispose(this);
}

}  // namespace toro::posix
