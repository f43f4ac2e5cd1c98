// A socket device: packets to the host and from it. What they mean is kernel/network/vsock/streams.hpp's. [virtio 1.2
// §5.10]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "kernel/devices/virtio/error.hpp"
#include "kernel/devices/virtio/event_queue.hpp"
#include "kernel/devices/virtio/transport.hpp"
#include "kernel/devices/virtio/vsock_protocol.hpp"

namespace toro::inet {
struct SocketTable;  // of kernel/tables
}

namespace toro::virtio {

/// All memory is in the object, which must not move or end after start(). One caller at a time. Nothing waits.
class Vsock {
 public:
  static constexpr std::size_t kMostPayload = 16384 - sizeof(VsockHeader);

  struct Packet {
    VsockHeader header;                  ///< read once; its length is that of the payload
    std::span<const std::byte> payload;  ///< the device may go on writing there
  };

  /// Brings the device up. Error::wrong_device_type, Error::configuration_invalid and the errors of initialize().
  [[nodiscard]] std::expected<void, Error> start(Transport& transport);

  /// This machine's context id.
  [[nodiscard]] std::uint32_t cid() const { return cid_; }

  /// The next packet that has arrived. It stays until the next call.
  [[nodiscard]] std::optional<Packet> receive();
  /// How many packets can be transmitted now.
  [[nodiscard]] std::size_t room();
  /// How many packets of those transmitted the device has taken, ever; and whether these are all.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] bool has_taken_all() { return room() == transmit_.queue.size(); }
  /// `payload` is copied, kMostPayload bytes at most. False when there is no room. The device learns of it by flush().
  [[nodiscard]] bool transmit(const VsockHeader& header, std::span<const std::byte> payload);
  /// Tells the device of what there is for it.
  void flush();
  /// Whether the device has said, since the last call, that all connections are gone. The context id may be another.
  [[nodiscard]] bool take_transport_reset();

  /// Asks for an interrupt at the next packet or event, and where `wants_room` when there is more room. True: there is
  /// one already.
  [[nodiscard]] bool listen(bool wants_room);
  /// The device's interrupt handler. False: the interrupt was not this device's.
  bool on_interrupt();

  /// Takes the device out of use, as it is when it has broken its rules, or wants a reset.
  void stop();
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  friend struct inet::SocketTable;

  static constexpr std::uint16_t kBuffers = 16;
  static constexpr std::uint16_t kEvents = 4;

  struct Buffer {
    alignas(16) std::array<std::byte, sizeof(VsockHeader) + kMostPayload> bytes;
  };
  template <std::uint16_t kSize>
  struct Lane {
    EventQueue queue;
    QueueMemory<kSize> memory;
  };

  template <std::uint16_t kSize>
  [[nodiscard]] std::expected<void, Error> set_up(std::uint16_t index, Lane<kSize>& lane, Features agreed);
  [[nodiscard]] std::expected<void, Error> read_configuration();
  [[nodiscard]] std::optional<SplitQueue::Completion> poll(SplitQueue& queue);
  void offer_receive_buffer(std::uint16_t index);
  void offer_event(std::uint16_t index);
  void take_transmitted();

  Transport* transport_ = nullptr;
  std::uint32_t cid_ = 0;
  bool stopped_ = false;
  bool needs_reset_ = false;
  std::optional<std::uint16_t> shown_;  ///< the receive buffer of the packet that receive() gave
  std::uint64_t taken_ = 0;
  std::uint16_t free_count_ = 0;
  std::array<std::uint16_t, kBuffers> free_{};  ///< transmit buffers
  Lane<kBuffers> receive_;
  Lane<kBuffers> transmit_;
  Lane<kEvents> events_;
  std::array<VsockEvent, kEvents> event_memory_{};
  std::array<Buffer, kBuffers> receive_buffers_;
  std::array<Buffer, kBuffers> transmit_buffers_;
};

}  // namespace toro::virtio
