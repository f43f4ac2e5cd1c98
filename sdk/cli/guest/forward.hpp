// Ports of the host that lead to ports of the guest.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toro::cli {

struct Forward {
  std::string protocol = "tcp";  ///< or udp, or vsock
  std::uint16_t host = 0;        ///< on 127.0.0.1
  std::uint32_t guest = 0;       ///< at most 65535 but for vsock
};

/// A number that fits, and is not 0.
template <std::unsigned_integral Port>
[[nodiscard]] std::optional<Port> parse_port(std::string_view text) {
  Port port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// [udp:|vsock:]HOST:GUEST, or tcp:HOST:GUEST. Nothing where the text is another.
[[nodiscard]] std::optional<Forward> parse_forward(std::string_view text);

/// As QEMU's user network has it.
[[nodiscard]] std::string hostfwd(const Forward& forward);

}  // namespace toro::cli
