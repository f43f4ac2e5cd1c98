// `--forward vsock:…`, `--vsock`: streams between the host and a guest without a network, by toro-vsock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cli/guest/device_server.hpp"
#include "sdk/cli/guest/forward.hpp"

namespace toro::cli {

/// What the guest reaches at a port of its host's.
struct VsockTarget {
  std::uint32_t port = 0;
  std::string place;  ///< a port of 127.0.0.1, or the absolute path of a unix socket
};

/// PORT:HOST_PORT, or PORT:PATH. Nothing where the text is another.
[[nodiscard]] std::optional<VsockTarget> parse_vsock_target(std::string_view text);

struct Vsock {
  std::vector<Forward> forwards;  ///< whose protocol is vsock
  std::vector<VsockTarget> targets;

  [[nodiscard]] bool is_wanted() const { return !forwards.empty() || !targets.empty(); }
  [[nodiscard]] static std::string socket(const std::string& run) { return run + "/vsock.sock"; }
};

/// toro-vsock's arguments, the program first; `where` are those that tell it its socket.
std::vector<std::string> bridge_command(const Vsock& vsock, const std::vector<std::string>& where);

DeviceService make_service(const Vsock& vsock, const std::string& run);

}  // namespace toro::cli
