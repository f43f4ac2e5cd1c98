// An Intel 8254x controller, such as the 82540EM that machine monitors emulate: legacy descriptors, one ring each way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel/devices/network/driver.hpp"
#include "kernel/devices/network/e1000_registers.hpp"

namespace toro::network {

/// The way to a controller's registers.
class E1000Window {
 public:
  [[nodiscard]] virtual std::uint32_t read(E1000Register which) = 0;
  virtual void write(E1000Register which, std::uint32_t value) = 0;
  /// Address as the device sees it.
  [[nodiscard]] virtual std::uint64_t address_of(const void* memory) = 0;

 protected:
  constexpr E1000Window() = default;
  ~E1000Window() = default;
};

/// The object must not move or end once it works: its memory is the device's.
class E1000 final : public Driver {
 public:
  static constexpr std::uint32_t kReceiveSize = 256;
  static constexpr std::uint32_t kTransmitSize = 256;

  explicit E1000(E1000Window& window) : window_(window) {}

  /// Resets the controller and reads its address, of the EEPROM or of where it copied that. False, and failure() says
  /// why, where it does not answer or has no address. At boot.
  [[nodiscard]] bool prepare();

  [[nodiscard]] Identity identity() const override { return {.mac = mac_, .mtu = kUsualMtu}; }
  [[nodiscard]] Offloads offers() const override { return {.receive_checksum = true}; }
  [[nodiscard]] std::size_t buffers() const override { return kReceiveSize; }
  [[nodiscard]] std::expected<Offloads, NetworkError> start(Offloads wanted, BufferPool& pool,
                                                            NetworkCounters& counters) override;
  [[nodiscard]] Frame receive() override;
  [[nodiscard]] Result transmit(const Transmit& frame) override;
  void kick() override;
  void reclaim() override;
  [[nodiscard]] Events listen(Events events) override;
  [[nodiscard]] std::optional<Events> on_interrupt() override;
  [[nodiscard]] LinkState link() override { return link_; }
  void read_counters() override;
  [[nodiscard]] std::string_view failure() const override { return failure_; }

 private:
  [[nodiscard]] bool works() const { return started_ && failure_.empty(); }
  void fail(std::string_view why);
  [[nodiscard]] bool reset();
  [[nodiscard]] bool read_eeprom(std::uint32_t word, std::uint16_t& value);
  [[nodiscard]] bool read_address();
  [[nodiscard]] LinkState read_link();
  void start_receiver();
  void start_transmitter();
  void refill();
  [[nodiscard]] e1000::ReceiveReport next_report() const;
  [[nodiscard]] bool next_is_sent() const;
  [[nodiscard]] std::uint32_t free_descriptors() const { return kTransmitSize - 1 - under_way_; }
  /// What has happened since the last look. Notes a change of the link, and fails where nothing answers any more.
  [[nodiscard]] std::optional<Events> take_causes();

  E1000Window& window_;
  bool started_ = false;
  std::string_view failure_;
  MacAddress mac_;
  LinkState link_ = LinkState::down;
  bool verifies_checksums_ = false;
  BufferPool* pool_ = nullptr;
  NetworkCounters* counters_ = nullptr;

  // Ring positions: what the device owns are the `filled_` descriptors from `receive_next_` on, less one that keeps
  // head and tail apart, and the `under_way_` descriptors from `sent_next_` on.
  std::uint32_t receive_next_ = 0;
  std::uint32_t filled_ = 0;
  std::uint32_t transmit_next_ = 0;
  std::uint32_t sent_next_ = 0;
  std::uint32_t under_way_ = 0;
  std::uint32_t shown_ = 0;  ///< the tail that the device knows
  std::array<Buffer*, kReceiveSize> received_{};

  /// Of a frame under way, at its first descriptor.
  struct Sending {
    std::uint32_t descriptors = 0;
    Completion* completion = nullptr;
  };
  std::array<Sending, kTransmitSize> sending_{};

  alignas(128) std::array<e1000::ReceiveDescriptor, kReceiveSize> receive_ring_{};
  alignas(128) std::array<e1000::TransmitDescriptor, kTransmitSize> transmit_ring_{};
};

}  // namespace toro::network
