// Ports of the host that lead to ports of the guest.
#include "sdk/cli/guest/forward.hpp"

#include <format>

namespace toro::cli {
std::optional<Forward> parse_forward(std::string_view text) {
  Forward forward;
  for (const char* protocol : {"tcp", "udp", "vsock"})
    if (text.starts_with(std::format("{}:", protocol))) {
      forward.protocol = protocol;
      text.remove_prefix(forward.protocol.size() + 1);
      break;
    }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto host = parse_port<std::uint16_t>(text.substr(0, colon));
  const auto guest = parse_port<std::uint32_t>(text.substr(colon + 1));
  if (!host || !guest || (forward.protocol != "vsock" && *guest > UINT16_MAX)) return std::nullopt;
  forward.host = *host;
  forward.guest = *guest;
  return forward;
}

std::string hostfwd(const Forward& forward) {
  return std::format(",hostfwd={}:127.0.0.1:{}-:{}", forward.protocol, forward.host, forward.guest);
}

}  // namespace toro::cli
