// A console device with a single port.
#include "kernel/devices/virtio/console.hpp"

#include "kernel/devices/virtio/console_protocol.hpp"
#include "kernel/devices/virtio/initialization.hpp"

namespace toro::virtio {

std::expected<void, Error> Console::start(Transport& transport) {
  started_ = false;
  error_.reset();
  transport_ = &transport;
  if (transport.type() != DeviceType::console) return std::unexpected(Error::wrong_device_type);
  const auto agreed = initialize(transport, {}, {}, [&](Features) {
    return channel_.set_up(transport, port_receive_queue(0), port_transmit_queue(0));
  });
  if (!agreed) return std::unexpected(agreed.error());
  channel_.supply(buffers_.view());
  started_ = true;
  return {};
}

std::expected<std::size_t, Error> Console::write(std::span<const std::byte> data) {
  if (const auto error = unusable()) return std::unexpected(*error);
  return channel_.write(data);
}

std::expected<std::size_t, Error> Console::read(std::span<std::byte> data) {
  if (const auto error = unusable()) return std::unexpected(*error);
  return channel_.read(data);
}

std::expected<bool, Error> Console::tx_idle() {
  if (const auto error = unusable()) return std::unexpected(*error);
  return channel_.transmit_idle();
}

std::expected<void, Error> Console::poll() {
  if (const auto error = unusable()) return std::unexpected(*error);
  return channel_.poll();
}

bool Console::on_interrupt() {
  if (!started_) return false;
  const InterruptCause cause = transport_->take_interrupt();
  if (cause.configuration && transport_->status().has(StatusBit::device_needs_reset)) {
    error_ = Error::device_needs_reset;
  }
  if (cause.queue) static_cast<void>(poll());  // an error stays and is told to the next reader or writer
  return cause.queue || cause.configuration;
}

}  // namespace toro::virtio
