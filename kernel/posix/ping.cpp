// An echo request and its reply.
#include "kernel/include/toro/ping.hpp"

#include "kernel/network/ping.hpp"
#include "kernel/posix/interface_wait.hpp"
#include "kernel/posix/socket.hpp"
#include "kernel/posix/time.hpp"

namespace toro::detail {

SocketResult<std::chrono::nanoseconds> ping(Ipv4Address to, std::chrono::nanoseconds timeout, std::size_t size) {
  inet::Interface& interface = posix::interface_for({}, to);
  if (!to.is_loopback() && posix::wait_for_address(interface) == posix::failure(posix::Error::interrupted))
    return std::unexpected(SocketError::interrupted);
  const std::uint64_t deadline =
      posix::deadline_after(timeout.count() > 0 ? static_cast<std::uint64_t>(timeout.count()) : 0);
  std::optional<inet::Ping> ping;
  const auto sent = interface.run([&](inet::Stack& stack) { return ping.emplace(stack).send(to, size); });
  posix::Result waited = 0;
  if (sent)
    waited = posix::wait_at(interface, "the reply to a ping", deadline,
                            [&](inet::Stack&) { return ping->round_trip().has_value(); });
  const auto round_trip = interface.run([&](inet::Stack&) {
    const auto measured = ping->round_trip();
    ping.reset();
    return measured;
  });
  if (!sent) return std::unexpected(sent.error());
  if (round_trip) return std::chrono::nanoseconds(*round_trip);
  return std::unexpected(waited == posix::failure(posix::Error::interrupted) ? SocketError::interrupted
                                                                             : SocketError::again);
}

}  // namespace toro::detail
