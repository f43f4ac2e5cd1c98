// A file system device. [virtio 1.2 §5.11]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "kernel/devices/virtio/error.hpp"
#include "kernel/devices/virtio/event_queue.hpp"
#include "kernel/devices/virtio/file_system_protocol.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// Something for the device to do. Its maker's, but while it is in flight.
struct FileSystemRequest {
  std::span<const std::span<const std::byte>> readable;  ///< by the device
  std::span<const std::span<std::byte>> writable;
  /// It is in flight no more. Interrupts are off.
  void (*done)(FileSystemRequest& request) = nullptr;

  bool answered = false;      ///< not where the device was stopped
  std::uint32_t written = 0;  ///< bytes, at most what there was to be written
  // While it is in flight:
  FileSystemRequest* next = nullptr;
  FileSystemRequest** link = nullptr;
};

/// Its first two queues, for the device belongs to one core. All memory is in the object, which must not move or end
/// after start(). One caller at a time: interrupts are off on the device's core. Nothing waits.
class FileSystem {
 public:
  enum class Queue : std::uint8_t { express = kExpressQueue, requests = kFirstRequestQueue };
  enum class Start : std::uint8_t { started, full, broken };

  FileSystem() = default;

  /// Brings the device up. Error::wrong_device_type, Error::configuration_invalid and the errors of initialize().
  [[nodiscard]] std::expected<void, Error> start(Transport& transport);

  /// What the host calls it, without the zeros at its end.
  [[nodiscard]] std::string_view tag() const { return {tag_.data(), tag_size_}; }

  /// Parts are not empty, and 8 together at most. The device sees it at once.
  [[nodiscard]] Start submit(Queue queue, FileSystemRequest& request);
  /// Takes back what the device has finished.
  void poll();
  /// The device's interrupt handler.
  void on_interrupt();
  /// Takes the device out of use; what is in flight ends without an answer.
  void stop();
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  static constexpr std::uint16_t kQueueSize = 64;
  static constexpr std::uint16_t kLongestChain = 8;
  static constexpr std::size_t kQueues = 2;

  struct Lane {
    EventQueue queue;
    QueueMemory<kQueueSize> memory;
    std::array<Descriptor, std::size_t{kQueueSize} * kLongestChain> tables;
  };

  [[nodiscard]] std::expected<void, Error> read_configuration();
  [[nodiscard]] bool take_finished(EventQueue& queue);
  static void finish(FileSystemRequest& request);

  Transport* transport_ = nullptr;
  FileSystemRequest* in_flight_ = nullptr;
  bool stopped_ = false;
  std::size_t tag_size_ = 0;
  std::array<char, kTagBytes> tag_{};
  std::array<Lane, kQueues> lanes_;
};

}  // namespace toro::virtio
