// An NE2000 card: a DP8390 controller with memory of its own, which the processor copies frames to and from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/devices/network/driver.hpp"
#include "kernel/devices/network/ne2000_registers.hpp"

namespace toro::network {

/// The way to a card's registers.
class Ne2000Window {
 public:
  [[nodiscard]] virtual std::uint8_t read(Ne2000Register which) = 0;
  virtual void write(Ne2000Register which, std::uint8_t value) = 0;
  /// As many bytes through the data port, word by word; an odd one is the half of a word.
  virtual void read_data(std::span<std::byte> data) = 0;
  virtual void write_data(std::span<const std::byte> data) = 0;
  /// Lets at least so much time pass. It is short.
  virtual void wait_microseconds(unsigned count) = 0;

 protected:
  constexpr Ne2000Window() = default;
  ~Ne2000Window() = default;
};

/// Sends one frame at a time; of one that is taken nothing is used any more. There is no word of the link: it is up.
class Ne2000 final : public Driver {
 public:
  explicit Ne2000(Ne2000Window& window) : window_(window) {}

  /// Resets the card and reads its address. False, and failure() says why, where it does not answer or has none. At
  /// boot.
  [[nodiscard]] bool prepare();

  [[nodiscard]] Identity identity() const override { return {.mac = mac_, .mtu = kUsualMtu}; }
  [[nodiscard]] Offloads offers() const override { return {}; }
  [[nodiscard]] std::size_t buffers() const override { return 64; }
  [[nodiscard]] std::expected<Offloads, NetworkError> start(Offloads wanted, BufferPool& pool,
                                                            NetworkCounters& counters) override;
  [[nodiscard]] Frame receive() override;
  [[nodiscard]] Result transmit(const Transmit& frame) override;
  void kick() override {}
  void reclaim() override {}
  [[nodiscard]] Events listen(Events events) override;
  [[nodiscard]] std::optional<Events> on_interrupt() override;
  [[nodiscard]] LinkState link() override { return LinkState::up; }
  void read_counters() override;
  [[nodiscard]] std::string_view failure() const override { return failure_; }

 private:
  [[nodiscard]] bool works() const { return started_ && failure_.empty(); }
  void fail(std::string_view why);
  void set(Ne2000Register which, std::uint8_t value) { window_.write(which, value); }
  void set_remote(std::uint16_t address, std::size_t count, std::uint8_t direction);
  void finish_remote();
  void read_memory(std::uint16_t address, std::span<std::byte> data);
  void read_ring(std::uint16_t address, std::span<std::byte> data);
  void write_memory(std::uint16_t address, const Transmit& frame, std::size_t size);
  void set_up();
  [[nodiscard]] std::uint8_t current_page();
  [[nodiscard]] Frame take_frame();
  void release_to(std::uint8_t page);
  void begin_overflow();
  void end_overflow();
  [[nodiscard]] bool is_sending();

  Ne2000Window& window_;
  bool started_ = false;
  std::string_view failure_;
  MacAddress mac_;
  BufferPool* pool_ = nullptr;
  NetworkCounters* counters_ = nullptr;
  std::uint8_t next_page_ = 0;  ///< of the ring: where the next frame will be
  std::uint8_t mask_ = 0;       ///< what interrupts
  bool resend_ = false;         ///< what an overflow stopped
};

}  // namespace toro::network
