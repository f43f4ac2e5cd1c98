// What a network driver is to the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "kernel/devices/network/frame.hpp"
#include "kernel/include/toro/network_device.hpp"

namespace toro::network {

/// What can make a thread go on that waits.
struct Events {
  bool receive = false;
  bool transmit = false;
  bool link = false;

  friend bool operator==(const Events&, const Events&) = default;
};

inline constexpr Events kAllEvents{.receive = true, .transmit = true, .link = true};

/// A device that frames go through, or one of its queues in each direction. All calls come from the device's core, by
/// one thread at a time or from its interrupt, with interrupts off: none waits. What the device broke stays broken:
/// failure() says so, receive() gives nothing, transmit() refuses, and all that the device was given stays with it.
class Driver {
 public:
  struct Identity {
    MacAddress mac;
    std::size_t mtu = kUsualMtu;
  };
  enum class Result : std::uint8_t {
    taken,
    full,     ///< listen() tells when there is room
    refused,  ///< too many parts, or an offload that was not agreed upon; or the device failed
  };

  /// Valid from the driver's start at boot on.
  [[nodiscard]] virtual Identity identity() const = 0;
  [[nodiscard]] virtual Offloads offers() const = 0;
  /// Buffers that it wants for receiving.
  [[nodiscard]] virtual std::size_t buffers() const = 0;

  /// Has the device work from now on, once: with those of `wanted` that it offers, with buffers of `pool`, and counting
  /// in `counters` what is dropped and what goes wrong. What was agreed; a failure is told by failure(). The device
  /// interrupts for nothing but its link before listen().
  [[nodiscard]] virtual std::expected<Offloads, NetworkError> start(Offloads wanted, BufferPool& pool,
                                                                    NetworkCounters& counters) = 0;

  /// Has frames spread over `count` queues of the device, more than one, of which this is the first: all of them have
  /// started, each by a driver of its own. False where the device does not; nothing where it has not answered yet, and
  /// is to be asked again.
  [[nodiscard]] virtual std::optional<bool> use_queues(std::size_t) { return false; }

  /// The next frame, if one has come.
  [[nodiscard]] virtual Frame receive() = 0;
  /// Adds a frame, which the device may not see before kick().
  [[nodiscard]] virtual Result transmit(const Transmit& frame) = 0;
  virtual void kick() = 0;
  /// Takes back what the device has sent, and tells the completions.
  virtual void reclaim() = 0;

  /// The device interrupts for `events` from now on, until it has. What of them has happened already, for which no
  /// interrupt may come, and a change of the link.
  [[nodiscard]] virtual Events listen(Events events) = 0;
  /// The device's interrupt: quietens it, and says what may have happened; nothing when it was another device's.
  [[nodiscard]] virtual std::optional<Events> on_interrupt() = 0;

  [[nodiscard]] virtual LinkState link() = 0;
  /// Adds to the counters what the device counts by itself.
  virtual void read_counters() {}
  /// What ended the device's service, for people; empty while it works.
  [[nodiscard]] virtual std::string_view failure() const = 0;

 protected:
  constexpr Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver() = default;
};

}  // namespace toro::network
