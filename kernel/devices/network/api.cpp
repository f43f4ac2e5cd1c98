// The public face of network devices: each call is carried to the device's core.
#include "kernel/include/toro/network_device.hpp"

#include "kernel/devices/network/carry.hpp"
#include "kernel/devices/network/device.hpp"

namespace toro {

using network::Device;
using network::on_core_of;

namespace {

std::expected<std::size_t, NetworkError> receive_here(Device& device, std::span<std::byte> buffer,
                                                      std::uint64_t deadline) {
  if (device.is_claimed()) return std::unexpected(NetworkError::in_use);
  const auto frame = device.receive(deadline);
  if (!frame) return std::unexpected(frame.error());
  if (frame->size() > buffer.size()) {
    ++device.counters().received_and_dropped.too_long;
    return std::unexpected(NetworkError::buffer_too_short);
  }
  frame->copy_to(buffer);
  return frame->size();
}

std::expected<std::size_t, NetworkError> send_here(Device& device, std::span<const std::span<const std::byte>> frames) {
  std::size_t sent = 0;
  for (const auto& frame : frames) {
    const auto result = device.send_copy({.parts = std::span(&frame, 1)});
    if (!result && sent == 0) return std::unexpected(result.error());
    if (!result) break;
    ++sent;
  }
  device.flush();
  return sent;
}

}  // namespace

std::string_view describe(NetworkError error) {
  switch (error) {
    case NetworkError::timed_out:
      return "nothing has come in time";
    case NetworkError::frame_too_short:
      return "the frame is shorter than an Ethernet header";
    case NetworkError::frame_too_long:
      return "the frame is longer than the device sends";
    case NetworkError::buffer_too_short:
      return "the frame was longer than the buffer";
    case NetworkError::link_down:
      return "the link is down";
    case NetworkError::in_use:
      return "the device is in use";
    case NetworkError::no_such_core:
      return "the machine has no such core";
    case NetworkError::out_of_memory:
      return "memory is out";
    case NetworkError::device_failed:
      return "the device is out of use";
    case NetworkError::interrupted:
      return "the thread was interrupted";
  }
  return "unknown error";
}

std::string_view NetworkDevice::name() const {
  return device_->name();
}
MacAddress NetworkDevice::mac() const {
  return device_->identity().mac;
}
std::size_t NetworkDevice::mtu() const {
  return device_->identity().mtu;
}
std::uint32_t NetworkDevice::core() const {
  return device_->core();
}

std::expected<void, NetworkError> NetworkDevice::dedicate_to(std::uint32_t core) {
  return on_core_of(*device_, [&] { return device_->dedicate_to(core); });
}

std::expected<LinkState, NetworkError> NetworkDevice::link() {
  return on_core_of(*device_, [&] { return device_->link(); });
}
std::expected<void, NetworkError> NetworkDevice::wait_for_link(LinkState wanted, std::uint64_t deadline) {
  return on_core_of(*device_, [&] { return device_->wait_for_link(wanted, deadline); });
}

std::expected<std::size_t, NetworkError> NetworkDevice::send_all(std::span<const std::span<const std::byte>> frames) {
  return on_core_of(*device_, [&] { return send_here(*device_, frames); });
}
std::expected<std::size_t, NetworkError> NetworkDevice::receive(std::span<std::byte> buffer, std::uint64_t deadline) {
  return on_core_of(*device_, [&] { return receive_here(*device_, buffer, deadline); });
}

NetworkCounters NetworkDevice::counters() {
  return on_core_of(*device_, [&] { return device_->counters(); });
}

}  // namespace toro
