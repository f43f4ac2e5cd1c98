// Network devices as they are: whole Ethernet frames, in and out, without a protocol above them.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "toro/detail/thread.hpp"

namespace toro {

namespace network {
class Device;
}

/// An Ethernet address, in the order of the wire. [IEEE 802.3 3.2.3]
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  constexpr bool operator==(const MacAddress&) const = default;
};
static_assert(sizeof(MacAddress) == 6);

enum class LinkState : std::uint8_t { down, up };

enum class NetworkError : std::uint8_t {
  timed_out,         ///< nothing has come by the deadline; or, without one, nothing was there
  frame_too_short,   ///< less than an Ethernet header, 14 bytes
  frame_too_long,    ///< send: more than the MTU and a header (18 bytes with a VLAN tag)
  buffer_too_short,  ///< receive: the frame was longer, and is gone
  link_down,         ///< send: the frame is gone
  in_use,            ///< the kernel's network stack has the device, or it has begun to work on its core
  no_such_core,
  out_of_memory,
  device_failed,  ///< the device broke a promise, and is out of use
  interrupted,    ///< the thread is to end
};

/// One line for people, without a final stop. Any context.
[[nodiscard]] std::string_view describe(NetworkError error);

/// What a device has done since boot.
struct NetworkCounters {
  struct Traffic {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;  ///< from the destination address to the end of the payload
  };
  Traffic received;  ///< that somebody took
  Traffic sent;      ///< that the device was given
  struct {
    std::uint64_t too_long = 0;   ///< for the buffer that was to take it
    std::uint64_t malformed = 0;  ///< the device's word for it made no sense, or it was no Ethernet frame
    std::uint64_t overrun = 0;    ///< the device had nowhere to put it, where it tells that
  } received_and_dropped;
  struct {
    std::uint64_t link_down = 0;
  } dropped_unsent;
  std::uint64_t receive_errors = 0;   ///< frames damaged on the wire, where the device tells that
  std::uint64_t transmit_errors = 0;  ///< frames that did not reach the wire, where the device tells that
  std::uint64_t link_changes = 0;
};

/// One network device. It belongs to a core, 0 unless dedicate_to() says otherwise, and interrupts that one. A thread
/// of any core may use it: a call from another core is carried to the device's and back, which costs some
/// microseconds. Nothing is received before the first call that sends, receives or asks for the link; from then on what
/// nobody takes waits, and is lost when the device has no room for more (counters()). Threads only.
class NetworkDevice {
 public:
  explicit NetworkDevice(network::Device& device) : device_(&device) {}

  /// "net0" for the first one of the machine, and so on.
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] MacAddress mac() const;
  /// Bytes of payload that a frame can have behind its header: 1500, or what the device says.
  [[nodiscard]] std::size_t mtu() const;
  [[nodiscard]] std::uint32_t core() const;

  /// Has the device belong to `core` from now on. NetworkError::in_use once it was used, NetworkError::no_such_core.
  [[nodiscard]] std::expected<void, NetworkError> dedicate_to(std::uint32_t core);

  [[nodiscard]] std::expected<LinkState, NetworkError> link();
  /// Waits until the link is `wanted`. NetworkError::timed_out.
  [[nodiscard]] std::expected<void, NetworkError> wait_for_link(
      LinkState wanted, std::chrono::steady_clock::time_point deadline = kForever) {
    return leave_if_killed(wait_for_link(wanted, nanoseconds(deadline)));
  }

  /// Hands a frame to the device: destination, source, type and payload, without the check sequence; a short one is
  /// padded. `frame` is copied. Waits while the device has no room.
  [[nodiscard]] std::expected<void, NetworkError> send(std::span<const std::byte> frame) {
    const auto sent = send(std::span(&frame, 1));
    if (!sent) return std::unexpected(sent.error());
    return {};
  }
  /// The same for several, of which the device is told once. How many of them, from the first on, were handed over; the
  /// error when the first one was not.
  [[nodiscard]] std::expected<std::size_t, NetworkError> send(std::span<const std::span<const std::byte>> frames) {
    return leave_if_killed(send_all(frames));
  }

  /// The next frame: waits for it, copies it to `buffer`, and says how long it is. Frames of others, which the device
  /// may show, are among them. NetworkError::buffer_too_short, NetworkError::timed_out.
  [[nodiscard]] std::expected<std::size_t, NetworkError> receive(std::span<std::byte> buffer) {
    return receive_until(buffer, kForever);
  }
  [[nodiscard]] std::expected<std::size_t, NetworkError> receive_until(std::span<std::byte> buffer,
                                                                       std::chrono::steady_clock::time_point deadline) {
    return leave_if_killed(receive(buffer, nanoseconds(deadline)));
  }
  template <class Representation, class Period>
  [[nodiscard]] std::expected<std::size_t, NetworkError> receive_for(
      std::span<std::byte> buffer, std::chrono::duration<Representation, Period> duration) {
    return receive_until(buffer,
                         std::chrono::steady_clock::now() + std::chrono::ceil<std::chrono::nanoseconds>(duration));
  }
  /// The next frame if there is one, else NetworkError::timed_out.
  [[nodiscard]] std::expected<std::size_t, NetworkError> try_receive(std::span<std::byte> buffer) {
    return receive(buffer, std::uint64_t{0});
  }

  [[nodiscard]] NetworkCounters counters();

 private:
  static constexpr auto kForever = std::chrono::steady_clock::time_point::max();

  static std::uint64_t nanoseconds(std::chrono::steady_clock::time_point deadline) {
    if (deadline == kForever) return detail::kForever;
    const std::int64_t count = std::chrono::nanoseconds(deadline.time_since_epoch()).count();
    return static_cast<std::uint64_t>(std::max(count, std::int64_t{0}));
  }
  template <class Result>
  static Result leave_if_killed(Result result) {
    if (!result && result.error() == NetworkError::interrupted) detail::leave_if_killed();
    return result;
  }

  // Deadlines are nanoseconds since boot; 0 waits for nothing.
  [[nodiscard]] std::expected<void, NetworkError> wait_for_link(LinkState wanted, std::uint64_t deadline);
  [[nodiscard]] std::expected<std::size_t, NetworkError> send_all(std::span<const std::span<const std::byte>> frames);
  [[nodiscard]] std::expected<std::size_t, NetworkError> receive(std::span<std::byte> buffer, std::uint64_t deadline);

  network::Device* device_;
};

/// The machine's network devices, in the order in which they were found. Any thread. Only images in which something
/// calls this have network drivers.
[[nodiscard]] std::span<NetworkDevice> network_devices();

}  // namespace toro
