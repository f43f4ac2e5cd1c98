// Which name servers the C library's resolver asks.
#include "kernel/include/toro/detail/name_servers.hpp"

#include "kernel/posix/interface_wait.hpp"

namespace toro::detail {

std::size_t name_servers(std::span<NameServer> servers) {
  static_cast<void>(posix::wait_for_address(*inet::interfaces().front()));
  std::size_t count = 0;
  for (inet::Interface* const interface : inet::interfaces()) {
    if (&interface->first() != interface) continue;
    const auto known = interface->run([](inet::Stack& stack) { return stack.configuration().name_servers; });
    for (const inet::Ipv4Address& server : known)
      if (!server.is_any() && count < servers.size()) servers[count++] = server.bytes;
  }
  return count;
}

}  // namespace toro::detail
