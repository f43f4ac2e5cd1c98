// A console device with a single port, as a kernel's own console uses it. [virtio 1.2 §5.3]
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>

#include "kernel/devices/virtio/error.hpp"
#include "kernel/devices/virtio/port_channel.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// All memory is in the object, all of it zero before start(): a static Console needs no constructor and no image
/// space. One caller at a time: the owner keeps the device's interrupt off, or lies on its core and does not call from
/// it. Nothing waits. The object must not move or end after start().
class Console {
 public:
  constexpr Console() = default;

  /// Initialises the device with queues 0 and 1 only, whether or not it offers more ports. At boot or from a thread.
  /// Error::wrong_device_type and the errors of initialize().
  [[nodiscard]] std::expected<void, Error> start(Transport& transport);

  /// Returns the bytes taken, which are in flight from then on; fewer than offered when all buffers are. In that case
  /// an interrupt will tell when there is room again, and a thread may wait for it; a polling caller just tries again.
  /// Error::not_started, and what the device broke.
  [[nodiscard]] std::expected<std::size_t, Error> write(std::span<const std::byte> data);
  /// Returns the bytes copied; 0 if nothing has arrived. Errors as write().
  [[nodiscard]] std::expected<std::size_t, Error> read(std::span<std::byte> data);
  /// Whether the device has taken all that was written. Errors as write().
  [[nodiscard]] std::expected<bool, Error> tx_idle();

  /// Takes from the device what it has finished, without touching the interrupt's state. Errors as write().
  [[nodiscard]] std::expected<void, Error> poll();
  /// The device's interrupt handler: acknowledges and polls. False: the interrupt was not this device's.
  bool on_interrupt();

  /// What ended the device's service, if anything did.
  [[nodiscard]] std::optional<Error> error() const { return error_; }
  [[nodiscard]] PortChannel& channel() { return channel_; }

 private:
  [[nodiscard]] std::optional<Error> unusable() const { return started_ ? error_ : Error::not_started; }

  Transport* transport_ = nullptr;
  bool started_ = false;
  std::optional<Error> error_;
  PortChannel channel_;
  PortBufferMemory<4, 256, 8, 512> buffers_;
};

}  // namespace toro::virtio
