// Ports of the host that lead to ports of the guest.
#include "sdk/cli/guest/forward.hpp"

#include <charconv>
#include <format>

namespace toro::cli {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Forward> parse_forward(std::string_view text) {
  Forward forward;
  for (const char* protocol : {"tcp", "udp"})
    if (text.starts_with(std::format("{}:", protocol))) {
      forward.protocol = protocol;
      text.remove_prefix(4);
      break;
    }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto host = parse_port(text.substr(0, colon));
  const auto guest = parse_port(text.substr(colon + 1));
  if (!host || !guest) return std::nullopt;
  forward.host = *host;
  forward.guest = *guest;
  return forward;
}

std::string hostfwd(const Forward& forward) {
  return std::format(",hostfwd={}:127.0.0.1:{}-:{}", forward.protocol, forward.host, forward.guest);
}

}  // namespace toro::cli
