// What the socket device's specification defines. [virtio 1.2 §5.10]
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::virtio {

/// [virtio 1.2 §5.10.2]
inline constexpr std::uint16_t kVsockReceiveQueue = 0, kVsockTransmitQueue = 1, kVsockEventQueue = 2;

/// Bytes of the configuration: this machine's context id, 64 bits of which the upper half is 0. [virtio 1.2 §5.10.4]
inline constexpr std::uint32_t kGuestCidOffset = 0;

/// [virtio 1.2 §5.10.6]
enum class VsockOperation : std::uint16_t {
  invalid = 0,
  request = 1,
  response = 2,
  reset = 3,
  shutdown = 4,
  data = 5,  // VIRTIO_VSOCK_OP_RW
  credit_update = 6,
  credit_request = 7,
};

/// [virtio 1.2 §5.10.6.4]
enum class VsockType : std::uint16_t { stream = 1 };

/// Flags of VsockOperation::shutdown: the sender will not receive, or not send, any more. [virtio 1.2 §5.10.6.6]
inline constexpr std::uint32_t kVsockNoReceive = 1, kVsockNoSend = 2;

/// In front of each packet's payload. [virtio 1.2 §5.10.6]
struct [[gnu::packed]] VsockHeader {
  std::uint64_t source_cid = 0;
  std::uint64_t destination_cid = 0;
  std::uint32_t source_port = 0;
  std::uint32_t destination_port = 0;
  std::uint32_t length = 0;  // of the payload
  VsockType type = VsockType::stream;
  VsockOperation operation = VsockOperation::invalid;
  std::uint32_t flags = 0;
  std::uint32_t buffer_space = 0;  // buf_alloc: what the sender has room for in all
  std::uint32_t forwarded = 0;     // fwd_cnt: bytes that it has taken out of that, modulo 2^32
};
static_assert(sizeof(VsockHeader) == 44);
static_assert(offsetof(VsockHeader, type) == 28 && offsetof(VsockHeader, forwarded) == 40);

/// [virtio 1.2 §5.10.6.7]
struct VsockEvent {
  std::uint32_t id = 0;
};
inline constexpr std::uint32_t kVsockTransportReset = 0;

/// Context ids that have a meaning. [virtio 1.2 §5.10.4]
inline constexpr std::uint32_t kVsockHostCid = 2, kFirstGuestCid = 3;

}  // namespace toro::virtio
