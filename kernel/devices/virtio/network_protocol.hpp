// What the network device's specification defines: features, configuration, headers, control commands. [virtio 1.2
// §5.1]
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::virtio {

/// [virtio 1.2 §5.1.3]
enum class NetworkFeature : std::uint8_t {
  checksum = 0,
  guest_checksum = 1,
  mtu = 3,
  mac = 5,
  guest_tso4 = 7,
  guest_tso6 = 8,
  host_tso4 = 11,
  host_tso6 = 12,
  merged_buffers = 15,
  status = 16,
  control_queue = 17,
  multi_queue = 22,
};

/// Byte offsets of the configuration. [virtio 1.2 §5.1.4]
inline constexpr std::uint32_t kNetworkMacOffset = 0;
inline constexpr std::uint32_t kNetworkStatusOffset = 6;
inline constexpr std::uint32_t kNetworkPairsOffset = 8;
inline constexpr std::uint32_t kNetworkMtuOffset = 10;
inline constexpr std::uint16_t kNetworkLinkUp = 1;
inline constexpr std::uint16_t kNetworkLeastMtu = 68;
inline constexpr std::uint16_t kNetworkMostPairs = 0x8000;

/// [virtio 1.2 §5.1.2]
[[nodiscard]] constexpr std::uint16_t receive_queue(std::size_t pair) {
  return static_cast<std::uint16_t>(2 * pair);
}
[[nodiscard]] constexpr std::uint16_t transmit_queue(std::size_t pair) {
  return static_cast<std::uint16_t>(2 * pair + 1);
}

inline constexpr std::uint8_t kHeaderNeedsChecksum = 1, kHeaderDataValid = 2;
inline constexpr std::uint8_t kSegmentationNone = 0, kSegmentationTcp4 = 1, kSegmentationTcp6 = 4,
                              kSegmentationEcn = 0x80;

/// Before each frame. [virtio 1.2 §5.1.6]
struct NetworkHeader {
  std::uint8_t flags = 0;
  std::uint8_t segmentation = kSegmentationNone;
  std::uint16_t header_length = 0;
  std::uint16_t segment_size = 0;
  std::uint16_t checksum_start = 0;
  std::uint16_t checksum_offset = 0;
  std::uint16_t buffers = 0;
};
static_assert(sizeof(NetworkHeader) == 12 && offsetof(NetworkHeader, buffers) == 10);

/// The command that sets how many pairs of queues are used. [virtio 1.2 §5.1.6.5.5]
struct PairsCommand {
  std::uint8_t group = 4;
  std::uint8_t command = 0;
  std::uint16_t pairs = 1;
};
static_assert(sizeof(PairsCommand) == 4 && offsetof(PairsCommand, pairs) == 2);
inline constexpr std::uint8_t kControlOk = 0;

}  // namespace toro::virtio
