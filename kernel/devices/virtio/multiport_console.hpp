// A console device with named ports, opened and closed by both sides: debugger and other channels. [virtio 1.2 §5.3]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/devices/virtio/console_protocol.hpp"
#include "kernel/devices/virtio/error.hpp"
#include "kernel/devices/virtio/port_channel.hpp"
#include "kernel/devices/virtio/split_queue.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// Ports that get queues; those with higher numbers are refused. Port 0 is the one that QEMU keeps for a virtconsole.
inline constexpr std::uint16_t kConsolePorts = 4;
inline constexpr std::size_t kPortName = 64;

/// One port. Functions as Console's, for the same contexts; reading and writing need MultiportConsole::open().
class ConsolePort {
 public:
  constexpr ConsolePort() = default;

  /// Error::port_closed, and what the device broke. While the host is not connected the device drops what is written.
  [[nodiscard]] std::expected<std::size_t, Error> write(std::span<const std::byte> data);
  [[nodiscard]] std::expected<std::size_t, Error> read(std::span<std::byte> data);
  [[nodiscard]] std::expected<bool, Error> tx_idle();

  /// Whether the host's side is connected now, and how often it has connected: a change between two looks means that
  /// another peer may be there even if it is open both times.
  [[nodiscard]] bool host_open() const { return host_open_; }
  [[nodiscard]] std::uint32_t host_sessions() const { return host_sessions_; }

  [[nodiscard]] std::uint16_t number() const { return number_; }
  [[nodiscard]] std::string_view name() const { return {name_.data(), name_length_}; }
  [[nodiscard]] bool present() const { return present_; }
  [[nodiscard]] bool is_console() const { return is_console_; }
  [[nodiscard]] bool is_open() const { return open_; }
  [[nodiscard]] PortChannel& channel() { return channel_; }

 private:
  friend class MultiportConsole;

  std::uint16_t number_ = 0;
  bool present_ = false;
  bool is_console_ = false;
  bool open_ = false;
  bool host_open_ = false;
  bool ready_due_ = false;  // messages that wait for room in the control queue
  bool open_due_ = false;
  bool host_closed_ = false;  // and the channel does not know yet
  std::uint8_t name_length_ = 0;
  std::uint32_t host_sessions_ = 0;
  std::array<char, kPortName> name_{};
  PortChannel channel_;
};

/// As Console: all memory in the object, zero before start(), one caller at a time, nothing waits.
class MultiportConsole {
 public:
  constexpr MultiportConsole() = default;

  struct Options {
    std::string_view open_port;  // a port to open as soon as the device names it; must outlive the console
  };

  /// Tells the device that the driver is ready; its ports arrive later, by poll() or on_interrupt(). A device without
  /// ConsoleFeature::multiport has port 0 alone, present at once, nameless, its host taken for connected. `pool`:
  /// buffers for as many ports as will be open. Errors of Console::start(), Error::configuration_invalid.
  [[nodiscard]] std::expected<void, Error> start(Transport& transport, std::span<const PortBuffers> pool,
                                                 Options options);

  /// Handles control messages and takes finished buffers from the device, without touching the interrupt's state.
  /// Error::not_started, and what the device broke in a control queue; a port's own errors come from that port.
  [[nodiscard]] std::expected<void, Error> poll();
  /// The device's interrupt handler: acknowledges and polls. False: the interrupt was not this device's.
  bool on_interrupt();

  /// The ports that are present; null otherwise. Names are compared as a whole.
  [[nodiscard]] ConsolePort* port(std::uint32_t number);
  [[nodiscard]] ConsolePort* find(std::string_view name);
  /// The port of Options::open_port, once it is there and open.
  [[nodiscard]] ConsolePort* opened();

  /// Lends a set of buffers to the port, for good, and tells the device that the guest's side is open: the host sends
  /// from then on. Error::port_absent, Error::no_port_buffers.
  [[nodiscard]] std::expected<void, Error> open(ConsolePort& port);
  void close(ConsolePort& port);

  /// What ended the device's service, if anything did.
  [[nodiscard]] std::optional<Error> error() const { return error_; }
  /// Control messages that made no sense.
  [[nodiscard]] std::uint32_t malformed_messages() const { return malformed_; }

 private:
  static constexpr std::uint16_t kControlQueue = 16;
  static constexpr std::size_t kControlMessage = 256;  // header and name

  [[nodiscard]] std::expected<void, Error> set_up_queues(Features features);
  [[nodiscard]] std::expected<void, Error> receive_control();
  [[nodiscard]] std::expected<void, Error> collect_sent();
  [[nodiscard]] std::expected<void, Error> send_due_messages();
  void post_control_buffer(std::uint64_t index);
  [[nodiscard]] bool send_control(std::uint32_t port, ControlEvent event, std::uint16_t value);
  void handle_control(std::span<const std::byte> bytes);
  void add_port(std::uint32_t number);
  void name_port(ConsolePort& port, std::span<const std::byte> bytes);

  Transport* transport_ = nullptr;
  std::span<const PortBuffers> pool_;  // those not lent yet
  Options options_;
  bool started_ = false;
  bool multiport_ = false;
  bool device_ready_due_ = false;
  std::uint16_t port_count_ = 0;
  std::uint64_t refusals_due_ = 0;  // a bit for each port number
  std::uint32_t malformed_ = 0;
  std::optional<Error> error_;
  std::array<ConsolePort, kConsolePorts> ports_;

  SplitQueue control_receive_;
  SplitQueue control_transmit_;
  QueueMemory<kControlQueue> control_receive_memory_;
  QueueMemory<kControlQueue> control_transmit_memory_;
  std::array<std::array<std::byte, kControlMessage>, kControlQueue> control_received_{};
  std::array<ControlMessage, kControlQueue> control_sent_{};
  std::uint32_t control_sent_busy_ = 0;  // a bit for each of control_sent_
};

/// A console and the buffers for kOpenPorts ports: 16 KB each way in pieces of 2 KB.
template <std::size_t kOpenPorts = 1>
class StaticMultiportConsole : public MultiportConsole {
 public:
  constexpr StaticMultiportConsole() = default;

  [[nodiscard]] std::expected<void, Error> start(Transport& transport, Options options = {}) {
    for (std::size_t i = 0; i < kOpenPorts; ++i) views_[i] = memory_[i].view();
    return MultiportConsole::start(transport, views_, options);
  }

 private:
  std::array<PortBufferMemory<8, 2048, 8, 2048>, kOpenPorts> memory_{};
  std::array<PortBuffers, kOpenPorts> views_{};
};

}  // namespace toro::virtio
