// Ports of the host that lead to ports of the guest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toro::cli {

struct Forward {
  std::string protocol = "tcp";  ///< or udp
  std::uint16_t host = 0;        ///< on 127.0.0.1
  std::uint16_t guest = 0;
};

/// [udp:]HOST:GUEST, or tcp:HOST:GUEST. Nothing where the text is another.
[[nodiscard]] std::optional<Forward> parse_forward(std::string_view text);

/// As QEMU's user network has it.
[[nodiscard]] std::string hostfwd(const Forward& forward);

}  // namespace toro::cli
