// Registers and descriptors of Intel's 8254x controllers. [8254x: PCI/PCI-X Family of Gigabit Ethernet Controllers
// Software Developer's Manual]
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::network {

/// Byte offsets, of 32-bit registers. [8254x 13.3]
enum class E1000Register : std::uint32_t {
  control = 0x0000,
  status = 0x0008,
  eeprom_read = 0x0014,
  interrupt_cause = 0x00c0,  // cleared by reading
  interrupt_mask_set = 0x00d0,
  interrupt_mask_clear = 0x00d8,
  receive_control = 0x0100,
  transmit_control = 0x0400,
  transmit_gap = 0x0410,
  receive_base_low = 0x2800,
  receive_base_high = 0x2804,
  receive_length = 0x2808,
  receive_head = 0x2810,
  receive_tail = 0x2818,
  receive_delay = 0x2820,
  transmit_base_low = 0x3800,
  transmit_base_high = 0x3804,
  transmit_length = 0x3808,
  transmit_head = 0x3810,
  transmit_tail = 0x3818,
  transmit_delay = 0x3820,
  checksum_errors = 0x4000,  // this and the next: cleared by reading
  receive_errors = 0x400c,
  missed_packets = 0x4010,
  excessive_collisions = 0x4018,
  late_collisions = 0x4020,
  receive_checksum = 0x5000,
  address_low = 0x5400,
  address_high = 0x5404,
};
inline constexpr std::uint32_t kE1000Registers = 0x20000;  // bytes

namespace e1000 {

inline constexpr std::uint32_t kControlAutoSpeed = 1U << 5, kControlLinkUp = 1U << 6, kControlReset = 1U << 26;
inline constexpr std::uint32_t kStatusLinkUp = 1U << 1;
inline constexpr std::uint32_t kEepromStart = 1U << 0, kEepromDone = 1U << 4;
inline constexpr unsigned kEepromAddress = 8, kEepromData = 16;  // shifts

/// [8254x 13.4.17]
inline constexpr std::uint32_t kCauseSent = 1U << 0, kCauseLink = 1U << 2, kCauseFewDescriptors = 1U << 4,
                               kCauseOverrun = 1U << 6, kCauseReceived = 1U << 7;

/// [8254x 13.4.22]; buffers of 2048 bytes are the default.
inline constexpr std::uint32_t kReceiveEnable = 1U << 1, kReceiveAllMulticast = 1U << 4, kReceiveBroadcast = 1U << 15,
                               kReceiveStripCheck = 1U << 26;
/// [8254x 13.4.33]; collisions as the standard has them.
inline constexpr std::uint32_t kTransmitEnable = 1U << 1, kTransmitPad = 1U << 3, kTransmitCollisions = 0x0f << 4,
                               kTransmitDistance = 0x40 << 12;
inline constexpr std::uint32_t kTransmitGap = 10 | 8 << 10 | 6 << 20;  // [8254x table 13-77]
inline constexpr std::uint32_t kChecksumTcpUdp = 1U << 9;
inline constexpr std::uint32_t kAddressValid = 1U << 31;

/// What the device writes of a received frame. [8254x 3.2.3]
struct ReceiveReport {
  std::uint16_t length = 0;
  std::uint16_t checksum = 0;
  std::uint8_t status = 0;
  std::uint8_t errors = 0;
  std::uint16_t special = 0;
};
struct ReceiveDescriptor {
  std::uint64_t address = 0;
  std::uint64_t report = 0;  // a ReceiveReport, read in one piece
};
static_assert(sizeof(ReceiveReport) == 8 && offsetof(ReceiveReport, status) == 4);
static_assert(sizeof(ReceiveDescriptor) == 16);
inline constexpr std::uint8_t kReceivedDone = 1U << 0, kReceivedEnd = 1U << 1, kReceivedIgnoreChecksum = 1U << 2,
                              kReceivedChecksumTaken = 1U << 5;
inline constexpr std::uint8_t kErrorChecksum = 1U << 5;
inline constexpr std::uint8_t kErrorsOfFrame = 1U << 0 | 1U << 1 | 1U << 2 | 1U << 4 | 1U << 7;

/// The legacy format. [8254x 3.3.3]
struct TransmitDescriptor {
  std::uint64_t address = 0;
  std::uint16_t length = 0;
  std::uint8_t checksum_offset = 0;
  std::uint8_t command = 0;
  std::uint8_t status = 0;
  std::uint8_t checksum_start = 0;
  std::uint16_t special = 0;
};
static_assert(sizeof(TransmitDescriptor) == 16 && offsetof(TransmitDescriptor, status) == 12);
inline constexpr std::uint8_t kSendEnd = 1U << 0, kSendCheck = 1U << 1, kSendReport = 1U << 3;
inline constexpr std::uint8_t kSentDone = 1U << 0;

}  // namespace e1000
}  // namespace toro::network
