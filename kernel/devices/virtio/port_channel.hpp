// The data path of one console port: a byte stream each way over a pair of queues. [virtio 1.2 §5.3.6]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/devices/virtio/error.hpp"
#include "kernel/devices/virtio/split_queue.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// Entries of each port queue: so many buffers may be in flight each way.
inline constexpr std::uint16_t kPortQueue = 16;

/// A buffer that the device filled, not read to its end yet.
struct ReceivedPiece {
  std::uint16_t buffer = 0;
  std::uint32_t length = 0;
};

/// Pointers into the buffers of one port. Each way one buffer size, in bytes, and as many buffers as fit.
struct PortBuffers {
  std::span<std::byte> receive;
  std::size_t receive_size = 0;
  std::span<ReceivedPiece> received;  // one for each receive buffer
  std::span<std::byte> transmit;
  std::size_t transmit_size = 0;
};

/// The buffers of one port: kReceiveCount of kReceiveSize bytes, kTransmitCount of kTransmitSize bytes.
template <std::uint16_t kReceiveCount, std::size_t kReceiveSize, std::uint16_t kTransmitCount,
          std::size_t kTransmitSize>
  requires(kReceiveCount <= kPortQueue && kTransmitCount <= kPortQueue)
struct PortBufferMemory {
  std::array<std::byte, kReceiveCount * kReceiveSize> receive{};
  std::array<std::byte, kTransmitCount * kTransmitSize> transmit{};
  std::array<ReceivedPiece, kReceiveCount> received{};

  [[nodiscard]] constexpr PortBuffers view() {
    return {.receive = receive,
            .receive_size = kReceiveSize,
            .received = received,
            .transmit = transmit,
            .transmit_size = kTransmitSize};
  }
};

/// One caller at a time; no function waits; all but set_up() and supply() may be called from any context.
class PortChannel {
 public:
  constexpr PortChannel() = default;
  PortChannel(const PortChannel&) = delete;
  PortChannel& operator=(const PortChannel&) = delete;

  /// Gives the device both queues, while it is initialised. Errors of set_up_queue().
  [[nodiscard]] std::expected<void, Error> set_up(Transport& transport, std::uint16_t receive_queue,
                                                  std::uint16_t transmit_queue);

  /// Lends the buffers until the device is reset, and asks the device to fill the receiving ones. After driver_ok.
  void supply(const PortBuffers& buffers);
  [[nodiscard]] bool supplied() const { return !buffers_.receive.empty(); }

  /// Copies as much as there is room for, in chunks, and notifies the device at most once. Returns the bytes taken:
  /// fewer than offered, or 0, while buffers are in flight. Errors of SplitQueue::poll().
  [[nodiscard]] std::expected<std::size_t, Error> write(std::span<const std::byte> data);

  /// Copies what has arrived, and returns buffers read to their end to the device. 0: nothing yet. Errors of
  /// SplitQueue::poll(), after all that arrived before has been read.
  [[nodiscard]] std::expected<std::size_t, Error> read(std::span<std::byte> data);

  /// Whether the device has taken all that was written.
  [[nodiscard]] std::expected<bool, Error> transmit_idle();

  /// Takes finished buffers of both queues back from the device.
  [[nodiscard]] std::expected<void, Error> poll();

  /// The host's side was closed. QEMU then finishes all that was written but a piece that it had begun to hand over: of
  /// that it lets go, and does not say so [QEMU 7.2 hw/char/virtio-serial-bus.c, discard_throttle_data]. What was in
  /// flight at one end and still is at a later one is such a piece, and is taken back. After poll(), and at most once
  /// between two: what the device did before an end must have been seen.
  void on_host_closed();

  /// Whether read() has something without asking the device.
  [[nodiscard]] bool has_received() const { return received_count_ > 0; }

  /// Whether the device shall interrupt when data arrives (it does at first). True: data is there already, and no
  /// interrupt may come for it.
  bool set_receive_interrupts(SplitQueue::Interrupts interrupts) { return receive_.set_interrupts(interrupts); }

  [[nodiscard]] const SplitQueue& receive_queue() const { return receive_; }
  [[nodiscard]] const SplitQueue& transmit_queue() const { return transmit_; }

 private:
  [[nodiscard]] std::uint16_t all_transmit_buffers() const;
  [[nodiscard]] std::span<std::byte> receive_buffer(std::size_t index) const;
  [[nodiscard]] std::span<std::byte> transmit_buffer(std::size_t index) const;
  [[nodiscard]] std::expected<void, Error> collect_received();
  [[nodiscard]] std::expected<void, Error> collect_transmitted();
  [[nodiscard]] std::size_t submit_transmit(std::span<const std::byte> data);
  [[nodiscard]] bool expect_transmit_interrupt();
  void publish(SplitQueue& queue, std::uint16_t index);

  Transport* transport_ = nullptr;
  std::uint16_t receive_index_ = 0;
  std::uint16_t transmit_index_ = 0;
  PortBuffers buffers_;
  std::uint16_t received_first_ = 0;  // in buffers_.received, which is used as a ring
  std::uint16_t received_count_ = 0;
  std::uint32_t read_offset_ = 0;       // in the first piece
  std::uint16_t transmit_free_ = 0;     // a bit for each transmit buffer
  std::uint16_t transmit_suspect_ = 0;  // in flight when the host's side was last closed
  bool transmit_interrupt_expected_ = false;
  SplitQueue receive_;
  SplitQueue transmit_;
  QueueMemory<kPortQueue> receive_memory_;
  QueueMemory<kPortQueue> transmit_memory_;
};

}  // namespace toro::virtio
