// An entropy device: random bytes of the machine's monitor. [virtio 1.2 §5.4]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/devices/virtio/split_queue.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// All memory is in the object. One caller at a time; nothing waits. The object must not move or end after start().
class Entropy {
 public:
  /// What is asked for: a key of 256 bits.
  static constexpr std::size_t kBytes = 32;

  constexpr Entropy() = default;

  /// Initialises the device and asks it for kBytes. Error::wrong_device_type and the errors of initialize().
  [[nodiscard]] std::expected<void, Error> start(Transport& transport);

  /// Takes what the device has given, and asks for the rest where that was not all. True, once: all has come, and is in
  /// `key`. Error::not_started, and what the device broke, a completion without a byte too: Error::used_length_invalid.
  [[nodiscard]] std::expected<bool, Error> take(std::span<std::byte, kBytes> key);

  /// Acknowledges an interrupt; false: it was not this device's.
  bool on_interrupt();

 private:
  [[nodiscard]] std::expected<void, Error> ask();

  static constexpr std::uint16_t kRequestQueue = 0;

  Transport* transport_ = nullptr;
  std::size_t have_ = 0;
  bool asked_ = false;
  SplitQueue queue_;
  QueueMemory<2> memory_;
  std::array<std::byte, kBytes> given_{};  ///< the device writes here
};

}  // namespace toro::virtio
