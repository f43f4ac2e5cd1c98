// A block device. [virtio 1.2 §5.2]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/devices/block/request_queue.hpp"
#include "kernel/devices/virtio/block_protocol.hpp"
#include "kernel/devices/virtio/error.hpp"
#include "kernel/devices/virtio/event_queue.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// One queue, for the device belongs to one core. All memory is in the object, which must not move or end after
/// start(). One caller at a time: interrupts are off on the device's core. Nothing waits.
class Block final : public block::Driver {
 public:
  Block() = default;

  /// Brings the device up. At boot or from a thread. Error::wrong_device_type, Error::configuration_invalid and the
  /// errors of initialize().
  [[nodiscard]] std::expected<block::Properties, Error> start(Transport& transport);

  /// What the device calls itself, once poll() or an interrupt has found that it has answered.
  [[nodiscard]] bool has_identity() const { return identity_state_ == IdentityState::known; }
  [[nodiscard]] std::span<const char> identity() const { return identity_; }

  /// Commands' ends go to `requests` from now on.
  void serve(block::RequestQueue& requests) { requests_ = &requests; }

  /// Takes from the device what it has finished.
  void poll();
  /// The device's interrupt handler.
  void on_interrupt();

  [[nodiscard]] Start start(const block::Command& command) override;
  void notify() override;
  void stop() override;

  [[nodiscard]] const EventQueue& queue() const { return queue_; }

 private:
  static constexpr std::uint16_t kQueueSize = 128;
  /// Header and status too.
  static constexpr std::uint16_t kLongestChain = block::kMostSegments + 2;
  static constexpr std::uint64_t kIdentityCookie = kQueueSize;

  enum class IdentityState : std::uint8_t { none, asked, known };

  /// What the device reads and writes of a command, beside its data.
  struct Slot {
    BlockRequestHeader header;
    BlockRange range;
    BlockRequest* request = nullptr;  // null: free
    std::uint32_t expected = 0;       // bytes that the device writes when all goes well
    std::uint16_t next_free = 0;
    std::uint8_t status = 0;
  };

  [[nodiscard]] std::expected<block::Properties, Error> read_properties(Transport& transport, Features features);
  [[nodiscard]] static std::uint64_t read_capacity(Transport& transport);
  void ask_identity();
  void end(const SplitQueue::Completion& completion);
  void change_configuration();
  void break_down();

  Transport* transport_ = nullptr;
  block::RequestQueue* requests_ = nullptr;
  std::uint32_t units_per_sector_ = 1;
  IdentityState identity_state_ = IdentityState::none;
  bool stopped_ = false;
  std::uint16_t first_free_ = 0;  // of slots_; kQueueSize: none
  EventQueue queue_;
  Slot identity_slot_;
  std::array<char, kBlockIdentity> identity_{};
  std::array<Slot, kQueueSize> slots_;
  QueueMemory<kQueueSize> memory_;
  std::array<Descriptor, std::size_t{kQueueSize} * kLongestChain> tables_;
};

}  // namespace toro::virtio
