// Registers of a DP8390 network controller, as NE2000 cards have them. [DP8390D: National Semiconductor data sheet]
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::network {

/// Byte offsets. Which register it is depends on the page and on the direction. [DP8390D 10.1]
enum class Ne2000Register : std::uint8_t {
  command = 0x00,
  page_start = 0x01,
  page_stop = 0x02,
  boundary = 0x03,
  transmit_page = 0x04,
  transmit_count_low = 0x05,
  transmit_count_high = 0x06,
  interrupt_status = 0x07,
  remote_address_low = 0x08,
  remote_address_high = 0x09,
  remote_count_low = 0x0a,
  remote_count_high = 0x0b,
  receive_configuration = 0x0c,
  transmit_configuration = 0x0d,
  data_configuration = 0x0e,
  interrupt_mask = 0x0f,
  // Reading:
  alignment_errors = 0x0d,
  check_errors = 0x0e,
  missed_packets = 0x0f,
  // Page 1:
  physical_address = 0x01,
  current_page = 0x07,
  multicast = 0x08,
  // Of the card:
  data_port = 0x10,
  reset_port = 0x1f,
};
inline constexpr std::uint16_t kNe2000Ports = 0x20;

namespace ne2000 {

inline constexpr std::uint8_t kStop = 1U << 0, kStart = 1U << 1, kTransmit = 1U << 2, kRemoteRead = 1U << 3,
                              kRemoteWrite = 2U << 3, kRemoteAbort = 4U << 3, kPage1 = 1U << 6;

/// [DP8390D 10.3]
inline constexpr std::uint8_t kReceived = 1U << 0, kSent = 1U << 1, kReceiveError = 1U << 2, kTransmitError = 1U << 3,
                              kOverflow = 1U << 4, kCounters = 1U << 5, kRemoteDone = 1U << 6, kResetDone = 1U << 7;

inline constexpr std::uint8_t kWords = 1U << 0, kNormal = 1U << 3, kThresholdOf8 = 2U << 5;    // data configuration
inline constexpr std::uint8_t kLoopback = 1U << 1;                                             // transmit configuration
inline constexpr std::uint8_t kBroadcast = 1U << 2, kMulticast = 1U << 3, kMonitor = 1U << 5;  // receive configuration

/// In front of each frame in the card's memory. [DP8390D 7.0]
struct ReceiveHeader {
  std::uint8_t status = 0;
  std::uint8_t next_page = 0;
  std::uint8_t count_low = 0;  // of the frame with its check sequence
  std::uint8_t count_high = 0;
};
static_assert(sizeof(ReceiveHeader) == 4);
inline constexpr std::uint8_t kReceivedIntact = 1U << 0;

inline constexpr std::uint16_t kPageSize = 256;
/// The card's memory: 16 KiB, of which a longest frame to be sent takes the beginning, and the ring the rest.
inline constexpr std::uint8_t kTransmitPage = 0x40, kRingStart = 0x46, kRingStop = 0x80;

}  // namespace ne2000
}  // namespace toro::network
