// What the console device's specification defines: features, configuration, control messages. [virtio 1.2 §5.3]
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::virtio {

/// [virtio 1.2 §5.3.3]
enum class ConsoleFeature : std::uint8_t { size = 0, multiport = 1, emergency_write = 2 };

/// Byte offset of max_nr_ports, valid with ConsoleFeature::multiport. [virtio 1.2 §5.3.4]
inline constexpr std::uint32_t kConsoleMaxPortsOffset = 4;

/// [virtio 1.2 §5.3.2]
inline constexpr std::uint16_t kControlReceiveQueue = 2;
inline constexpr std::uint16_t kControlTransmitQueue = 3;
[[nodiscard]] constexpr std::uint16_t port_receive_queue(std::uint16_t port) {
  return static_cast<std::uint16_t>(port == 0 ? 0 : 2 + 2 * port);
}
[[nodiscard]] constexpr std::uint16_t port_transmit_queue(std::uint16_t port) {
  return static_cast<std::uint16_t>(port_receive_queue(port) + 1);
}

/// [virtio 1.2 §5.3.6.2]
enum class ControlEvent : std::uint16_t {
  device_ready = 0,
  port_add = 1,
  port_remove = 2,
  port_ready = 3,
  console_port = 4,
  resize = 5,
  port_open = 6,
  port_name = 7,  // followed by the name, to the end of the message
};

struct ControlMessage {
  std::uint32_t port = 0;
  ControlEvent event{};
  std::uint16_t value = 0;
};
static_assert(sizeof(ControlMessage) == 8 && offsetof(ControlMessage, value) == 6);

}  // namespace toro::virtio
