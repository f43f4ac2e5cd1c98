// Which name servers the C library's resolver asks. Not for applications.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::detail {

using NameServer = std::array<std::uint8_t, 4>;  ///< an IPv4 address

/// Of all interfaces, in order; how many of `servers` were written. Waits until the first interface has its
/// configuration, for at most 10 s. Threads only; the network's system calls must be linked.
[[nodiscard]] std::size_t name_servers(std::span<NameServer> servers);

}  // namespace toro::detail
