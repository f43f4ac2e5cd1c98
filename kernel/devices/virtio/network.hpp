// A virtio network device. [virtio 1.2 §5.1]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/devices/network/driver.hpp"
#include "kernel/devices/virtio/event_queue.hpp"
#include "kernel/devices/virtio/network_protocol.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// One queue for receiving and one for sending, with their memory. Zero until it is attached.
class NetworkQueuePair {
 public:
  static constexpr std::uint16_t kSize = 256;

  constexpr NetworkQueuePair() = default;

 private:
  friend class Network;

  EventQueue receive_;
  EventQueue transmit_;
  QueueMemory<kSize> receive_memory_;
  QueueMemory<kSize> transmit_memory_;
  // Of frames that the device has: their completions, and their headers where the frame had no room for one.
  std::array<network::Completion*, kSize> completions_{};
  std::array<NetworkHeader, kSize> headers_{};
  std::array<std::uint8_t, kSize> free_slots_{};
  std::uint16_t free_slot_count_ = 0;
};

/// The object must not move or end once it works: its memory is the device's.
class Network final : public network::Driver {
 public:
  /// Pairs of queues that are used at most: the host's end may serve each by a thread of its own.
  static constexpr std::uint16_t kMostPairs = 4;

  constexpr Network() = default;

  /// Reads what the device is, and leaves it reset. `otherwise` is the address of a device that has none. At boot or
  /// from a thread. Error::wrong_device_type, Error::configuration_invalid, and the errors of negotiate().
  [[nodiscard]] std::expected<void, Error> prepare(Transport& transport, MacAddress otherwise);
  /// Of use to the device; after prepare().
  [[nodiscard]] std::uint16_t useful_pairs() const { return useful_pairs_; }
  /// The queues, at least one pair, before start().
  void use(std::span<NetworkQueuePair> pairs) { pairs_ = pairs; }

  [[nodiscard]] Identity identity() const override { return identity_; }
  [[nodiscard]] network::Offloads offers() const override { return offers_; }
  [[nodiscard]] std::size_t buffers() const override { return pairs_.size() * NetworkQueuePair::kSize; }
  [[nodiscard]] std::expected<network::Offloads, NetworkError> start(network::Offloads wanted,
                                                                     network::BufferPool& pool,
                                                                     NetworkCounters& counters) override;
  [[nodiscard]] network::Frame receive() override;
  [[nodiscard]] Result transmit(const network::Transmit& frame) override;
  void kick() override;
  void reclaim() override;
  [[nodiscard]] network::Events listen(network::Events events) override;
  [[nodiscard]] std::optional<network::Events> on_interrupt() override;
  [[nodiscard]] LinkState link() override { return link_; }
  [[nodiscard]] std::string_view failure() const override {
    return failure_ ? describe(*failure_) : std::string_view{};
  }

  [[nodiscard]] std::optional<Error> error() const { return failure_; }
  /// Pairs of queues that the device uses.
  [[nodiscard]] std::size_t pairs_in_use() const { return used_pairs_; }

 private:
  [[nodiscard]] bool works() const { return started_ && !failure_; }
  void fail(Error error);
  [[nodiscard]] std::expected<void, Error> read_identity(Features features, MacAddress otherwise);
  [[nodiscard]] std::expected<void, Error> set_up(Features features);
  [[nodiscard]] std::expected<void, Error> set_up_pair(std::size_t number);
  [[nodiscard]] std::expected<void, Error> set_up_ring(std::uint16_t index, EventQueue& queue, const QueueView& memory);
  [[nodiscard]] bool command_pairs(std::uint16_t count);
  [[nodiscard]] LinkState read_link();
  void refill(std::size_t number);
  [[nodiscard]] network::Frame receive_from(std::size_t number);
  [[nodiscard]] network::Frame make_frame(SplitQueue& queue, network::Buffer& first, std::uint32_t written);
  [[nodiscard]] std::optional<std::size_t> take_parts(SplitQueue& queue, network::Buffer& first, std::size_t count);
  [[nodiscard]] bool describe_frame(const NetworkHeader& header, std::size_t size,
                                    network::Frame::Description& description) const;
  [[nodiscard]] bool is_possible(const network::Transmit& frame) const;
  [[nodiscard]] bool submit(NetworkQueuePair& pair, const network::Transmit& frame);
  void reclaim(NetworkQueuePair& pair);

  Transport* transport_ = nullptr;
  bool started_ = false;
  std::optional<Error> failure_;
  Features agreed_;
  Identity identity_;
  network::Offloads offers_;
  network::Offloads active_;
  LinkState link_ = LinkState::up;
  network::BufferPool* pool_ = nullptr;
  NetworkCounters* counters_ = nullptr;

  std::span<NetworkQueuePair> pairs_;
  std::uint16_t device_pairs_ = 1;  ///< that the device has: the control queue comes after them
  std::uint16_t useful_pairs_ = 1;
  std::size_t used_pairs_ = 0;
  std::size_t next_pair_ = 0;  ///< that is looked at first for a frame

  EventQueue control_;
  QueueMemory<4> control_memory_;
  PairsCommand command_;
  std::uint8_t command_result_ = 0;
};

}  // namespace toro::virtio
