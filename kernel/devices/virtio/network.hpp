// A virtio network device. [virtio 1.2 §5.1]
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/devices/network/driver.hpp"
#include "kernel/devices/virtio/event_queue.hpp"
#include "kernel/devices/virtio/network_protocol.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

class Network;

/// One queue for receiving and one for sending, which are a core's: a driver of their own. Zero until they are
/// attached; not to be moved or ended once they work: their memory is the device's. The first pair's driver is also
/// that of what the device has once, its start and its link.
class NetworkQueuePair final : public network::Driver {
 public:
  static constexpr std::uint16_t kSize = 256;

  constexpr NetworkQueuePair() = default;

  [[nodiscard]] Identity identity() const override;
  [[nodiscard]] network::Offloads offers() const override;
  [[nodiscard]] std::size_t buffers() const override { return kSize; }
  /// The first pair before the others.
  [[nodiscard]] std::expected<network::Offloads, NetworkError> start(network::Offloads wanted,
                                                                     network::BufferPool& pool,
                                                                     NetworkCounters& counters) override;
  [[nodiscard]] std::optional<bool> use_queues(std::size_t count) override;
  [[nodiscard]] network::Frame receive() override;
  [[nodiscard]] Result transmit(const network::Transmit& frame) override;
  void kick() override;
  void reclaim() override;
  [[nodiscard]] network::Events listen(network::Events events) override;
  /// Of another pair than the first: it is known to be that pair's.
  [[nodiscard]] std::optional<network::Events> on_interrupt() override;
  [[nodiscard]] LinkState link() override;
  [[nodiscard]] std::string_view failure() const override;

  /// Whether an interrupt is the pair's, for the core that gets those of all pairs.
  [[nodiscard]] bool is_due() const { return receive_.is_due() || transmit_.is_due(); }

 private:
  friend class Network;

  [[nodiscard]] bool works() const;
  void fail(Error error);
  [[nodiscard]] std::expected<void, Error> set_up();
  void refill();
  [[nodiscard]] network::Frame make_frame(network::Buffer& first, std::uint32_t written);
  [[nodiscard]] std::optional<std::size_t> take_parts(network::Buffer& first, std::size_t count);
  [[nodiscard]] bool describe_frame(const NetworkHeader& header, std::size_t size,
                                    network::Frame::Description& description) const;
  [[nodiscard]] bool is_possible(const network::Transmit& frame) const;
  [[nodiscard]] bool submit(const network::Transmit& frame);

  Network* device_ = nullptr;
  std::uint16_t number_ = 0;
  bool started_ = false;
  network::BufferPool* pool_ = nullptr;
  NetworkCounters* counters_ = nullptr;
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

/// The device: what its pairs of queues have in common. Of the first pair's core, but where it says otherwise.
class Network {
 public:
  /// Pairs of queues that are used at most.
  static constexpr std::uint16_t kMostPairs = 4;

  constexpr Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Reads what the device is, and leaves it reset. `otherwise` is the address of a device that has none. At boot or
  /// from a thread. Error::wrong_device_type, Error::configuration_invalid, and the errors of negotiate().
  [[nodiscard]] std::expected<void, Error> prepare(Transport& transport, MacAddress otherwise);
  /// Of use to the device; after prepare().
  [[nodiscard]] std::uint16_t useful_pairs() const { return useful_pairs_; }
  /// The queues, at least one pair, before the first one's start().
  void use(std::span<NetworkQueuePair> pairs);

  /// Any core.
  [[nodiscard]] std::optional<Error> error() const { return failure_.load(std::memory_order_relaxed); }

 private:
  friend class NetworkQueuePair;

  [[nodiscard]] bool works() const { return !error(); }
  void fail(Error error);
  [[nodiscard]] std::expected<void, Error> start(network::Offloads wanted);
  [[nodiscard]] std::expected<void, Error> read_identity(Features features, MacAddress otherwise);
  [[nodiscard]] std::expected<void, Error> set_up(Features features);
  [[nodiscard]] std::expected<void, Error> set_up_ring(std::uint16_t index, EventQueue& queue, const QueueView& memory);
  [[nodiscard]] std::optional<bool> command_pairs(std::uint16_t count);
  [[nodiscard]] LinkState read_link();

  Transport* transport_ = nullptr;
  std::atomic<std::optional<Error>> failure_;  ///< of all pairs
  Features agreed_;
  network::Driver::Identity identity_;
  network::Offloads offers_;
  network::Offloads active_;
  std::atomic<LinkState> link_ = LinkState::up;

  std::span<NetworkQueuePair> pairs_;
  std::uint16_t device_pairs_ = 1;  ///< that the device has: the control queue comes after them
  std::uint16_t useful_pairs_ = 1;

  EventQueue control_;
  QueueMemory<4> control_memory_;
  bool has_command_ = false;
  PairsCommand command_;
  std::uint8_t command_result_ = 0;
};

// For every frame:
inline bool NetworkQueuePair::works() const {
  return started_ && device_->works();
}

}  // namespace toro::virtio
