// Where musl's resolver learns its name servers: of the network's configuration, in place of /etc/resolv.conf. Without
// any it is this machine, as musl has it.
#include <sys/socket.h>
#include <toro/detail/name_servers.hpp>

#include <algorithm>
#include <cstring>

namespace {

constexpr std::size_t kMostServers = 3;

/// As musl's functions share it. [musl 1.2, src/network/lookup.h]
struct Address {
  int family;
  unsigned scope;
  unsigned char bytes[16];
  int sort_key;
};
struct Configuration {
  Address servers[kMostServers];
  unsigned count, attempts, dots, timeout;
};
static_assert(sizeof(Address) == 28 && sizeof(Configuration) == 100);

constexpr toro::detail::NameServer kThisMachine{127, 0, 0, 1};

}  // namespace

extern "C" int __get_resolv_conf(Configuration* configuration, char* search, std::size_t search_size) {
  toro::detail::NameServer servers[kMostServers] = {kThisMachine};
  const std::size_t count = std::max<std::size_t>(toro::detail::name_servers(servers), 1);
  *configuration = {.servers = {}, .count = static_cast<unsigned>(count), .attempts = 2, .dots = 1, .timeout = 5};
  for (std::size_t i = 0; i < count; ++i) {
    configuration->servers[i].family = AF_INET;
    std::memcpy(configuration->servers[i].bytes, servers[i].data(), servers[i].size());
  }
  if (search != nullptr && search_size != 0) *search = '\0';
  return 0;
}
