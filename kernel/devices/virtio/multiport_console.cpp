// A console device with named ports.
#include "kernel/devices/virtio/multiport_console.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "kernel/devices/virtio/initialization.hpp"

namespace toro::virtio {
namespace {

constexpr std::uint32_t kNoPort = 0xffff'ffff;
constexpr std::uint32_t kRefusablePorts = 64;

}  // namespace

std::expected<std::size_t, Error> ConsolePort::write(std::span<const std::byte> data) {
  if (!open_) return std::unexpected(Error::port_closed);
  return channel_.write(data);
}

std::expected<std::size_t, Error> ConsolePort::read(std::span<std::byte> data) {
  if (!open_) return std::unexpected(Error::port_closed);
  return channel_.read(data);
}

std::expected<bool, Error> ConsolePort::tx_idle() {
  if (!open_) return std::unexpected(Error::port_closed);
  return channel_.transmit_idle();
}

std::expected<void, Error> MultiportConsole::start(Transport& transport, std::span<const PortBuffers> pool,
                                                   Options options) {
  started_ = false;
  error_.reset();
  transport_ = &transport;
  pool_ = pool;
  options_ = options;
  refusals_due_ = 0;
  malformed_ = 0;
  control_sent_busy_ = 0;
  for (ConsolePort& port : ports_) {
    port.present_ = port.is_console_ = port.open_ = port.host_open_ = port.ready_due_ = port.open_due_ = false;
    port.host_closed_ = false;
    port.name_length_ = 0;
    port.host_sessions_ = 0;
  }

  if (transport.type() != DeviceType::console) return std::unexpected(Error::wrong_device_type);
  const auto agreed = initialize(transport, Features{}.with(ConsoleFeature::multiport), {},
                                 [this](Features features) { return set_up_queues(features); });
  if (!agreed) return std::unexpected(agreed.error());
  started_ = true;
  multiport_ = agreed->has(ConsoleFeature::multiport);
  if (!multiport_) {
    ports_[0].present_ = ports_[0].host_open_ = true;
    ports_[0].host_sessions_ = 1;
    return {};
  }
  for (std::uint64_t i = 0; i < control_received_.size(); ++i) post_control_buffer(i);
  if (control_receive_.publish()) transport.notify(kControlReceiveQueue);
  device_ready_due_ = true;
  return send_due_messages();
}

std::expected<void, Error> MultiportConsole::set_up_queues(Features features) {
  port_count_ = 1;
  if (features.has(ConsoleFeature::multiport)) {
    const auto offered = transport_->read_configuration(
        [](Transport& transport) { return transport.configuration32(kConsoleMaxPortsOffset); });
    if (!offered) return std::unexpected(offered.error());
    if (*offered == 0) return std::unexpected(Error::configuration_invalid);
    port_count_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(*offered, kConsolePorts));

    const auto receive =
        set_up_queue(*transport_, kControlReceiveQueue, control_receive_, control_receive_memory_.view());
    if (!receive) return receive;
    const auto transmit =
        set_up_queue(*transport_, kControlTransmitQueue, control_transmit_, control_transmit_memory_.view());
    if (!transmit) return transmit;
    control_transmit_.set_interrupts(SplitQueue::Interrupts::suppressed);
  }
  for (std::uint16_t i = 0; i < port_count_; ++i) {
    ports_[i].number_ = i;
    const auto done = ports_[i].channel_.set_up(*transport_, port_receive_queue(i), port_transmit_queue(i));
    if (!done) return done;
  }
  return {};
}

std::expected<void, Error> MultiportConsole::poll() {
  if (!started_) return std::unexpected(Error::not_started);
  if (error_) return std::unexpected(*error_);
  if (multiport_) {
    std::expected<void, Error> done = receive_control();
    if (done) done = send_due_messages();
    if (!done) {
      error_ = done.error();
      return done;
    }
  }
  for (std::uint16_t i = 0; i < port_count_; ++i) {
    PortChannel& channel = ports_[i].channel_;
    if (!channel.supplied()) continue;
    // A port that the device broke tells its own reader and writer, and is not in the others' way.
    static_cast<void>(channel.poll());
    if (std::exchange(ports_[i].host_closed_, false)) channel.on_host_closed();
  }
  return {};
}

bool MultiportConsole::on_interrupt() {
  if (!started_) return false;
  const InterruptCause cause = transport_->take_interrupt();
  if (cause.configuration && transport_->status().has(StatusBit::device_needs_reset)) {
    error_ = Error::device_needs_reset;
  }
  if (cause.queue) static_cast<void>(poll());
  return cause.queue || cause.configuration;
}

ConsolePort* MultiportConsole::port(std::uint32_t number) {
  if (!started_ || number >= port_count_ || !ports_[number].present_) return nullptr;
  return &ports_[number];
}

ConsolePort* MultiportConsole::find(std::string_view name) {
  if (name.empty()) return nullptr;
  for (std::uint16_t i = 0; i < port_count_; ++i) {
    if (ports_[i].present_ && ports_[i].name() == name) return port(i);
  }
  return nullptr;
}

ConsolePort* MultiportConsole::opened() {
  ConsolePort* wanted = find(options_.open_port);
  return wanted != nullptr && wanted->open_ ? wanted : nullptr;
}

std::expected<void, Error> MultiportConsole::open(ConsolePort& port) {
  if (!port.present_) return std::unexpected(Error::port_absent);
  if (port.open_) return {};
  if (!port.channel_.supplied()) {
    if (pool_.empty()) return std::unexpected(Error::no_port_buffers);
    port.channel_.supply(pool_.front());
    pool_ = pool_.subspan(1);
  }
  port.open_ = true;
  port.open_due_ = multiport_;
  static_cast<void>(send_due_messages());  // what finds no room now goes out with a later poll()
  return {};
}

void MultiportConsole::close(ConsolePort& port) {
  if (!port.open_) return;
  port.open_ = false;
  port.open_due_ = multiport_ && port.present_;
  static_cast<void>(send_due_messages());
}

// At most one round of the ring: the device cannot hold the core by sending without end.
std::expected<void, Error> MultiportConsole::receive_control() {
  for (std::uint16_t i = 0; i < control_receive_.size(); ++i) {
    const auto completion = control_receive_.poll();
    if (!completion) return std::unexpected(completion.error());
    if (!completion->has_value()) break;
    const std::uint64_t index = (*completion)->cookie;
    // A private copy, so that what is checked is what is used.
    std::array<std::byte, kControlMessage> message;
    const std::size_t length = (*completion)->written;
    std::ranges::copy(std::span(control_received_[index]).first(length), message.begin());
    handle_control(std::span(message).first(length));
    post_control_buffer(index);
  }
  if (control_receive_.publish()) transport_->notify(kControlReceiveQueue);
  return {};
}

void MultiportConsole::post_control_buffer(std::uint64_t index) {
  // Fails where the device took a smaller ring; the buffer then stays unused.
  static_cast<void>(control_receive_.submit_writable(control_received_[index], index));
}

std::expected<void, Error> MultiportConsole::collect_sent() {
  for (std::uint16_t i = 0; i < control_transmit_.size(); ++i) {
    const auto completion = control_transmit_.poll();
    if (!completion) return std::unexpected(completion.error());
    if (!completion->has_value()) break;
    const std::uint64_t slot = (*completion)->cookie;
    control_sent_busy_ &= ~(std::uint32_t{1} << slot);
    // QEMU ignores the buffers that it is told of before the port is open, and then looks at them only when something
    // else wakes it, which may be seconds later; so it is told again. [QEMU hw/char/virtio-serial-bus.c, handle_input]
    const ControlMessage& sent = control_sent_[slot];
    if (sent.event == ControlEvent::port_open && sent.value != 0) {
      transport_->notify(port_receive_queue(static_cast<std::uint16_t>(sent.port)));
    }
  }
  return {};
}

// What a port still has to say is kept as flags, not as a list, so that it needs no memory however often it changes.
std::expected<void, Error> MultiportConsole::send_due_messages() {
  if (!multiport_) return {};
  if (const auto done = collect_sent(); !done) return done;

  if (device_ready_due_) device_ready_due_ = !send_control(kNoPort, ControlEvent::device_ready, 1);
  for (std::uint16_t i = 0; i < port_count_; ++i) {
    ConsolePort& port = ports_[i];
    if (port.ready_due_) port.ready_due_ = !send_control(i, ControlEvent::port_ready, 1);
    // Not before the device knows that the port is ready.
    if (port.open_due_ && !port.ready_due_) port.open_due_ = !send_control(i, ControlEvent::port_open, port.open_);
  }
  while (refusals_due_ != 0) {
    const auto number = static_cast<std::uint32_t>(std::countr_zero(refusals_due_));
    if (!send_control(number, ControlEvent::port_ready, 0)) break;
    refusals_due_ &= refusals_due_ - 1;
  }
  if (!control_transmit_.publish()) return {};
  transport_->notify(kControlTransmitQueue);
  return collect_sent();  // a device that works while it is notified is done
}

bool MultiportConsole::send_control(std::uint32_t port, ControlEvent event, std::uint16_t value) {
  const auto slot = static_cast<std::size_t>(std::countr_one(control_sent_busy_));
  if (slot >= control_sent_.size()) return false;
  control_sent_[slot] = {.port = port, .event = event, .value = value};
  if (!control_transmit_.submit_readable(std::as_bytes(std::span(&control_sent_[slot], 1)), slot)) return false;
  control_sent_busy_ |= std::uint32_t{1} << slot;
  return true;
}

void MultiportConsole::handle_control(std::span<const std::byte> bytes) {
  std::array<std::byte, sizeof(ControlMessage)> header;
  if (bytes.size() < header.size()) {
    ++malformed_;
    return;
  }
  std::ranges::copy(bytes.first(header.size()), header.begin());
  const auto message = std::bit_cast<ControlMessage>(header);
  if (message.event == ControlEvent::port_add) return add_port(message.port);
  ConsolePort* const subject = port(message.port);
  if (subject == nullptr) {
    ++malformed_;
    return;
  }

  switch (message.event) {
    case ControlEvent::port_remove:
      subject->present_ = subject->host_open_ = subject->is_console_ = false;
      subject->ready_due_ = subject->open_due_ = false;
      subject->name_length_ = 0;
      break;
    case ControlEvent::console_port:
      subject->is_console_ = message.value != 0;
      break;
    case ControlEvent::port_open:
      if (message.value != 0 && !subject->host_open_) ++subject->host_sessions_;
      subject->host_open_ = message.value != 0;
      subject->host_closed_ |= message.value == 0;
      break;
    case ControlEvent::port_name:
      name_port(*subject, bytes.subspan(header.size()));
      break;
    case ControlEvent::resize:
      break;
    default:
      ++malformed_;
  }
}

void MultiportConsole::add_port(std::uint32_t number) {
  if (number >= port_count_) {
    if (number < kRefusablePorts) refusals_due_ |= std::uint64_t{1} << number;
    return;
  }
  ConsolePort& port = ports_[number];
  port.present_ = true;
  port.ready_due_ = true;
  port.open_due_ = port.open_;  // it was removed while it was open, and is back
}

// The name may end with the message or, as QEMU's does, with a zero byte. One that is too long stays unknown.
void MultiportConsole::name_port(ConsolePort& port, std::span<const std::byte> bytes) {
  std::size_t length = 0;
  while (length < bytes.size() && bytes[length] != std::byte{0}) ++length;
  port.name_length_ = 0;
  if (length == 0 || length > port.name_.size()) {
    ++malformed_;
    return;
  }
  for (std::size_t i = 0; i < length; ++i) port.name_[i] = static_cast<char>(bytes[i]);
  port.name_length_ = static_cast<std::uint8_t>(length);
  // Without buffers it stays closed, as opened() tells.
  if (port.name() == options_.open_port) static_cast<void>(open(port));
}

}  // namespace toro::virtio
