// Tap devices of the host, to which a guest's network device is plugged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toro::cli {

struct Tap {
  /// Whether the host may get frames whose checksums and segmentation are left to it. [virtio 1.2 §5.1.6.2]
  enum class Offloads : std::uint8_t { on, off };

  std::string name;             ///< of an interface of the host
  std::string configuration{};  ///< ADDRESS/PREFIX[,GATEWAY[,NAME SERVER]...] of the guest; empty: it asks by DHCP
  Offloads offloads = Offloads::on;
  unsigned queues = 1;  ///< in each direction
};

/// Of a network's name on the command line.
inline constexpr std::string_view kTapPrefix = "tap:";

/// As many as the kernel uses of one device.
inline constexpr unsigned kMostQueues = 4;

/// NAME[,offloads=off][,queues=N][,ADDRESS/PREFIX[,GATEWAY[,NAME SERVER]...]]. Nothing where the text is another.
[[nodiscard]] std::optional<Tap> parse_tap(std::string_view text);

/// Throws a Failure where there is no such device, it is of another kind, in use, or may not be opened.
void require_tap(const Tap& tap);

/// As QEMU's -netdev has it.
[[nodiscard]] std::string netdev(const Tap& tap);

}  // namespace toro::cli
