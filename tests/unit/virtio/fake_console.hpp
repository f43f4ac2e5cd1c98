// A well-behaved console device, as QEMU's virtio-serial behaves: ports announced and named by control messages.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "kernel/devices/virtio/console_protocol.hpp"
#include "tests/unit/virtio/fake_transport.hpp"

namespace toro::virtio::test {

inline std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  std::ranges::transform(text, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

class FakeConsole {
 public:
  struct Port {
    std::string name;
    bool guest_ready = false;
    bool guest_open = false;
    bool host_open = false;
    std::vector<std::byte> from_guest;
    std::deque<std::byte> to_guest;
  };

  // Without ports by name it is a single console without control queues.
  explicit FakeConsole(std::map<std::uint32_t, Port> named = {}) : ports(std::move(named)), multiport_(!ports.empty()) {
    if (multiport_) {
      transport.offered = transport.offered.with(ConsoleFeature::multiport);
      const std::uint32_t count = ports.rbegin()->first + 1;
      std::memcpy(transport.configuration.data() + 4, &count, sizeof count);
    } else {
      ports[0] = {
          .name = "", .guest_ready = true, .guest_open = true, .host_open = true, .from_guest = {}, .to_guest = {}};
    }
    transport.on_notify = [this](std::uint16_t) {
      if (!stopped) run();
    };
  }

  void host_connect(std::uint32_t number, bool connected) {
    ports[number].host_open = connected;
    control(number, ControlEvent::port_open, connected ? 1 : 0);
  }
  // As QEMU ends a connection in the middle of a piece: that one is forgotten, the others are finished unread.
  void host_leaves_behind_half(std::uint32_t number) {
    const auto queue = port_transmit_queue(static_cast<std::uint16_t>(number));
    static_cast<void>(transport.pop(queue));
    while (const auto chain = transport.pop(queue)) transport.push(queue, chain->head, 0);
    host_connect(number, false);
  }
  void host_send(std::uint32_t number, std::span<const std::byte> bytes) {
    ports[number].to_guest.insert(ports[number].to_guest.end(), bytes.begin(), bytes.end());
    if (!stopped) run();
  }
  void control(std::uint32_t number, ControlEvent event, std::uint16_t value, std::string_view name = {}) {
    const ControlMessage message{.port = number, .event = event, .value = value};
    std::vector<std::byte> bytes(sizeof message);
    std::memcpy(bytes.data(), &message, sizeof message);
    const auto text = bytes_of(name);
    bytes.insert(bytes.end(), text.begin(), text.end());
    if (!name.empty()) bytes.push_back(std::byte{0});
    raw_control(bytes);
  }
  void raw_control(std::span<const std::byte> bytes) {
    const auto chain = transport.pop(kControlReceiveQueue);
    if (!chain) {
      ++dropped_control;  // as QEMU does
      return;
    }
    transport.push(kControlReceiveQueue, chain->head, chain->fill(bytes));
  }
  // All that the device can do now.
  void run() {
    if (multiport_) handle_control();
    for (auto& [number, port] : ports) {
      transmit(static_cast<std::uint16_t>(number), port);
      receive(static_cast<std::uint16_t>(number), port);
    }
  }

  FakeTransport transport;
  std::map<std::uint32_t, Port> ports;
  bool stopped = false;  // true: only run() makes progress
  std::vector<ControlMessage> from_driver;
  unsigned dropped_control = 0;

 private:
  void handle_control() {
    while (const auto chain = transport.pop(kControlTransmitQueue)) {
      ControlMessage message;
      const auto data = chain->data();
      std::memcpy(&message, data.data(), sizeof message);
      transport.push(kControlTransmitQueue, chain->head, 0);
      from_driver.push_back(message);
      if (message.event == ControlEvent::device_ready) {
        for (auto& [number, port] : ports) control(number, ControlEvent::port_add, 1);
      }
      if (!ports.contains(message.port)) continue;
      Port& port = ports[message.port];
      if (message.event == ControlEvent::port_ready) {
        port.guest_ready = message.value != 0;
        if (!port.guest_ready) continue;
        control(message.port, ControlEvent::port_name, 1, port.name);
        if (port.host_open) control(message.port, ControlEvent::port_open, 1);
      }
      if (message.event == ControlEvent::port_open) port.guest_open = message.value != 0;
    }
  }
  void transmit(std::uint16_t number, Port& port) {
    while (const auto chain = transport.pop(port_transmit_queue(number))) {
      const auto data = chain->data();
      if (port.host_open) port.from_guest.insert(port.from_guest.end(), data.begin(), data.end());
      transport.push(port_transmit_queue(number), chain->head, 0);
    }
  }
  void receive(std::uint16_t number, Port& port) {
    if (!port.guest_open) return;
    while (!port.to_guest.empty()) {
      const auto chain = transport.pop(port_receive_queue(number));
      if (!chain) return;
      const std::vector<std::byte> all(port.to_guest.begin(), port.to_guest.end());
      const std::uint32_t done = chain->fill(all);
      port.to_guest.erase(port.to_guest.begin(), port.to_guest.begin() + done);
      transport.push(port_receive_queue(number), chain->head, done);
    }
  }

  bool multiport_;
};

}  // namespace toro::virtio::test
