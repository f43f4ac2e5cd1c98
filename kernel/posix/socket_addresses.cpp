// Addresses of the Internet's sockets, as the C library has them.
#include <cstring>

#include "kernel/posix/socket.hpp"

namespace toro::posix {
namespace {

using inet::Endpoint;

constexpr std::uint16_t kUnspecified = 0;  // AF_UNSPEC
constexpr std::uint16_t kInternet = 2;     // AF_INET

constexpr auto kNoFamily = static_cast<filesystem::Error>(97);

/// [ip(7)]
struct SocketAddress {
  std::uint16_t family = kInternet;
  inet::Big16 port{};
  inet::Ipv4Address address{};
  std::uint8_t zero[8]{};
};
static_assert(sizeof(SocketAddress) == 16);

/// Nothing: of no family.
filesystem::Result<std::optional<Endpoint>> endpoint_of(GivenAddress address) {
  const auto family = TRY(address.as<std::uint16_t>());
  if (family == kUnspecified) return std::nullopt;
  if (family != kInternet) return std::unexpected(kNoFamily);
  const auto whole = TRY(address.as<SocketAddress>());
  return Endpoint{whole.address, whole.port};
}

SocketAddress address_of(Endpoint endpoint) {
  return {.port = endpoint.port, .address = endpoint.address};
}

}  // namespace

FileResult Socket::bind(GivenAddress local) {
  const auto endpoint = TRY(endpoint_of(local));
  if (!endpoint) return std::unexpected(kNoFamily);
  return bind(*endpoint);
}

filesystem::Result<AnySocket*> Socket::accept_any() {
  return accept();
}

FileResult Socket::connect(GivenAddress remote) {
  return connect(TRY(endpoint_of(remote)));
}

FileResult Socket::send(std::span<const IoVector> from, std::uint32_t flags, GivenAddress to) {
  if (to.bytes == nullptr || to.size == 0) return send(from, flags, std::nullopt);
  return send(from, flags, TRY(endpoint_of(to)));
}

FileResult Socket::receive(std::span<const IoVector> to, std::uint32_t flags, WantedAddress from, std::size_t& size) {
  Endpoint sender;
  const FileResult count = receive(to, flags, &sender, &size);
  if (!count) return count;
  if (type_ == SocketType::datagram)
    from.put(address_of(sender));
  else
    from.put_none();
  return count;
}

FileResult Socket::local_address(WantedAddress to) {
  to.put(address_of(local()));
  return 0;
}

FileResult Socket::remote_address(WantedAddress to) {
  const auto endpoint = remote();
  if (!endpoint) return socket_failure(inet::Error::not_connected);
  to.put(address_of(*endpoint));
  return 0;
}

}  // namespace toro::posix
