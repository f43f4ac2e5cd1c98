// The console with named ports: handshake, opening and closing by both sides, and control messages that make no sense.
#include "kernel/devices/virtio/multiport_console.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "tests/unit/virtio/fake_console.hpp"

using namespace toro::virtio;
using namespace toro::virtio::test;

namespace {

constexpr std::string_view kName = "org.toro.gdb.0";

constinit StaticMultiportConsole<> static_console;  // must need no constructor at run time
static_assert(std::is_trivially_destructible_v<StaticMultiportConsole<>>);

FakeConsole::Port named(std::string_view name) {
  return {.name = std::string(name), .from_guest = {}, .to_guest = {}};
}

struct Debugger {
  explicit Debugger(std::map<std::uint32_t, FakeConsole::Port> ports = {{1, named(kName)}}) : device(std::move(ports)) {
    REQUIRE(console->start(device.transport, {.open_port = kName}).has_value());
  }
  // Until neither side has anything more to do.
  void settle() {
    for (int i = 0; i < 8; ++i) {
      device.run();
      REQUIRE(console->poll().has_value());
    }
  }
  std::unique_ptr<StaticMultiportConsole<>> console = std::make_unique<StaticMultiportConsole<>>();
  FakeConsole device;
};

}  // namespace

TEST_CASE("virtio ports: the port is found by its name and opened") {
  FakeConsole device({{1, named(kName)}});
  CHECK(static_console.poll().error() == Error::not_started);
  REQUIRE(static_console.start(device.transport, {.open_port = kName}).has_value());
  CHECK(device.transport.queues.size() == 6);  // control, and ports 0 and 1
  for (int i = 0; i < 4; ++i) CHECK(static_console.on_interrupt() == (i < 2));
  ConsolePort* port = static_console.opened();
  REQUIRE(port != nullptr);
  CHECK(port->number() == 1);
  CHECK(port->name() == kName);
  CHECK(port == static_console.find(kName));
  CHECK(port == static_console.port(1));
  CHECK(static_console.port(0) == nullptr);
  CHECK(static_console.port(0xffff'ffff) == nullptr);
  CHECK(static_console.find("org.toro.gdb") == nullptr);
  CHECK(static_console.find("") == nullptr);
  CHECK(device.ports[1].guest_ready);
  CHECK(device.ports[1].guest_open);
  CHECK_FALSE(port->host_open());
  CHECK(device.from_driver.front().port == 0xffff'ffff);
  CHECK(device.from_driver.front().event == ControlEvent::device_ready);
  CHECK(device.dropped_control == 0);
}

TEST_CASE("virtio ports: the device is told of the buffers again once it knows that the port is open") {
  for (const bool at_once : {true, false}) {
    CAPTURE(at_once);
    FakeConsole device({{1, named(kName)}});
    device.stopped = true;
    // As QEMU does: what is told of a port that is not open yet is not heard.
    bool heard = false;
    device.transport.on_notify = [&](std::uint16_t queue) {
      heard |= queue == port_receive_queue(1) && device.ports[1].guest_open;
      if (at_once) device.run();
    };
    auto console = std::make_unique<StaticMultiportConsole<>>();
    REQUIRE(console->start(device.transport, {.open_port = kName}).has_value());
    for (int i = 0; i < 8; ++i) {
      if (!at_once) device.run();
      REQUIRE(console->poll().has_value());
    }
    CHECK(device.ports[1].guest_open);
    CHECK(heard);
  }
}

TEST_CASE("virtio ports: the host connects, leaves and connects again") {
  Debugger d;
  d.settle();
  ConsolePort& port = *d.console->opened();
  d.device.host_connect(1, true);
  CHECK(d.console->on_interrupt());
  CHECK(port.host_open());
  CHECK(port.host_sessions() == 1);
  d.device.host_connect(1, true);  // said twice
  d.settle();
  CHECK(port.host_sessions() == 1);
  d.device.host_connect(1, false);
  d.device.host_connect(1, true);
  d.settle();
  CHECK(port.host_open());
  CHECK(port.host_sessions() == 2);
  d.device.host_connect(1, false);
  d.settle();
  CHECK_FALSE(port.host_open());
}

TEST_CASE("virtio ports: a host that was there before the guest is seen") {
  auto early = named(kName);
  early.host_open = true;
  Debugger d({{1, early}});
  d.settle();
  CHECK(d.console->opened()->host_open());
}

TEST_CASE("virtio ports: 16 KB packets, both ways") {
  Debugger d;
  d.settle();
  d.device.host_connect(1, true);
  d.settle();
  ConsolePort& port = *d.console->opened();
  std::vector<std::byte> packet(16'384);
  for (std::size_t i = 0; i < packet.size(); ++i) packet[i] = static_cast<std::byte>(i * 7 + i / 256);
  CHECK(port.write(packet) == packet.size());
  CHECK(d.device.ports[1].from_guest == packet);
  CHECK(port.tx_idle() == true);
  d.device.host_send(1, packet);
  std::vector<std::byte> got(packet.size());
  CHECK(port.read(got) == packet.size());
  CHECK(got == packet);
}

TEST_CASE("virtio ports: a piece that the host left behind half read is taken back at a later end") {
  Debugger d;
  d.settle();
  ConsolePort& port = *d.console->opened();
  const PortChannel& channel = port.channel();
  for (unsigned end = 0; end < 3U * kPortQueue; ++end) {
    d.device.host_connect(1, true);
    d.settle();
    d.device.stopped = true;
    CHECK(port.write(bytes_of("half")) == 4);
    CHECK(port.write(bytes_of("whole")) == 5);
    d.device.host_leaves_behind_half(1);
    d.device.stopped = false;
    REQUIRE(d.console->poll().has_value());
    CHECK(channel.transmit_queue().figures().in_flight == 1);  // this end's own
  }
  // Nothing new was lost at this one.
  d.device.host_connect(1, true);
  d.device.host_connect(1, false);
  d.settle();
  CHECK(port.tx_idle() == true);
  CHECK(channel.transmit_queue().free_descriptors() == kPortQueue);
  // What is merely slow is not taken back, nor given out twice.
  d.device.host_connect(1, true);
  d.settle();
  d.device.stopped = true;
  CHECK(port.write(bytes_of("slow")) == 4);
  d.device.host_connect(1, false);
  REQUIRE(d.console->poll().has_value());
  CHECK(channel.transmit_queue().figures().in_flight == 1);
  d.device.run();
  CHECK(port.tx_idle() == true);
  d.device.host_connect(1, true);
  d.device.host_connect(1, false);
  REQUIRE(d.console->poll().has_value());
  CHECK(port.tx_idle() == true);
  CHECK_FALSE(channel.transmit_queue().broken());
}

TEST_CASE("virtio ports: closed by the guest, and opened again with the same buffers") {
  Debugger d;
  d.settle();
  ConsolePort& port = *d.console->opened();
  d.console->close(port);
  d.console->close(port);
  CHECK_FALSE(d.device.ports[1].guest_open);
  CHECK(d.console->opened() == nullptr);
  std::array<std::byte, 4> data{};
  CHECK(port.write(data).error() == Error::port_closed);
  CHECK(port.read(data).error() == Error::port_closed);
  CHECK(port.tx_idle().error() == Error::port_closed);
  CHECK(d.console->open(port).has_value());
  CHECK(d.console->open(port).has_value());
  CHECK(d.device.ports[1].guest_open);
  d.device.host_connect(1, true);
  d.settle();
  CHECK(port.write(data) == 4);
  CHECK(d.device.ports[1].from_guest.size() == 4);
}

TEST_CASE("virtio ports: buffers for one open port only") {
  Debugger d({{0, named("console")}, {1, named(kName)}});
  d.settle();
  CHECK(d.console->open(*d.console->find("console")).error() == Error::no_port_buffers);
  d.device.control(0, ControlEvent::console_port, 1);
  d.settle();
  CHECK(d.console->find("console")->is_console());
}

TEST_CASE("virtio ports: a port that is unplugged and comes back") {
  Debugger d;
  d.settle();
  ConsolePort& port = *d.console->opened();
  d.device.host_connect(1, true);
  d.device.control(1, ControlEvent::port_remove, 1);
  d.settle();
  CHECK(d.console->opened() == nullptr);
  CHECK_FALSE(port.host_open());
  d.console->close(port);
  CHECK(d.console->open(port).error() == Error::port_absent);
  d.device.control(1, ControlEvent::port_add, 1);
  d.settle();
  CHECK(d.console->opened() == &port);
  CHECK(port.host_open());
  d.device.host_send(1, bytes_of("back"));
  std::array<std::byte, 8> data{};
  CHECK(port.read(data) == 4);
}

TEST_CASE("virtio ports: more ports than the driver serves are refused") {
  std::map<std::uint32_t, FakeConsole::Port> ports;
  for (std::uint32_t i = 0; i < 31; ++i) ports[i] = named(i == 3 ? kName : std::string_view("other"));
  Debugger d(ports);
  d.settle();
  REQUIRE(d.console->opened() != nullptr);
  CHECK(d.console->opened()->number() == 3);
  // QEMU drops announcements for which there is no buffer; those that came were answered.
  for (std::uint32_t i = 0; i < kConsolePorts; ++i) CHECK(d.device.ports[i].guest_ready);
  const auto refused = std::ranges::count_if(d.device.from_driver, [](const ControlMessage& message) {
    return message.event == ControlEvent::port_ready && message.value == 0 && message.port >= kConsolePorts;
  });
  CHECK(refused == 12);
}

TEST_CASE("virtio ports: control messages that make no sense change nothing") {
  Debugger d;
  d.settle();
  ConsolePort& port = *d.console->opened();
  const auto malformed = d.console->malformed_messages();
  d.device.raw_control(bytes_of("short"));
  d.device.control(0, ControlEvent::port_open, 1);  // not added
  d.device.control(0xffff'ffff, ControlEvent::port_open, 1);
  d.device.control(0xffff'ffff, ControlEvent::port_add, 1);
  d.device.control(1, static_cast<ControlEvent>(999), 1);
  d.device.control(1, ControlEvent::port_ready, 1);
  d.settle();
  CHECK(d.console->malformed_messages() == malformed + 5);
  CHECK(port.name() == kName);
  d.device.control(1, ControlEvent::resize, 0);
  d.device.control(1, ControlEvent::port_name, 1, std::string(64, 'n'));
  d.settle();
  CHECK(port.name() == std::string(64, 'n'));
  d.device.control(1, ControlEvent::port_name, 1, std::string(65, 'n'));
  d.settle();
  CHECK(port.name().empty());
  d.device.control(1, ControlEvent::port_name, 1, std::string(400, 'n'));  // fills the buffer
  d.settle();
  CHECK(port.name().empty());
}

TEST_CASE("virtio ports: messages that find no room go out later") {
  Debugger d;
  d.settle();
  ConsolePort& port = *d.console->opened();
  d.device.stopped = true;
  for (int i = 0; i < 20; ++i) {
    d.console->close(port);
    REQUIRE(d.console->open(port).has_value());
  }
  d.console->close(port);
  const std::size_t before = d.device.from_driver.size();
  d.device.stopped = false;
  d.settle();
  CHECK(d.device.from_driver.size() > before);
  CHECK_FALSE(d.device.ports[1].guest_open);
}

TEST_CASE("virtio ports: a broken control queue ends the console, a broken port only itself") {
  Debugger d;
  d.settle();
  ConsolePort& port = *d.console->opened();
  std::array<std::byte, 4> data{};
  SUBCASE("port") {
    d.device.transport.set_used_index(port_receive_queue(1), 1000);
    CHECK(d.console->poll().has_value());
    CHECK(port.read(data).error() == Error::queue_broken);
    d.device.host_connect(1, true);
    CHECK(d.console->poll().has_value());
    CHECK(port.host_open());
  }
  SUBCASE("control receive") {
    d.device.transport.set_used_index(kControlReceiveQueue, 1000);
    CHECK(d.console->poll().error() == Error::used_index_jump);
    CHECK(d.console->poll().error() == Error::used_index_jump);
    CHECK(d.console->error() == Error::used_index_jump);
  }
  SUBCASE("control transmit") {
    d.device.transport.push(kControlTransmitQueue, 3, 0);
    CHECK_FALSE(d.console->poll().has_value());
  }
  SUBCASE("reset wanted") {
    d.device.transport.current = d.device.transport.current.with(StatusBit::device_needs_reset);
    d.device.transport.pending.configuration = true;
    CHECK(d.console->on_interrupt());
    CHECK(d.console->poll().error() == Error::device_needs_reset);
  }
}

TEST_CASE("virtio ports: a device without multiport has port 0 alone") {
  FakeConsole device;
  const auto console = std::make_unique<StaticMultiportConsole<>>();
  REQUIRE(console->start(device.transport).has_value());
  CHECK(device.transport.queues.size() == 2);
  ConsolePort* port = console->port(0);
  REQUIRE(port != nullptr);
  CHECK(port->host_open());
  REQUIRE(console->open(*port).has_value());
  CHECK(port->write(bytes_of("plain")) == 5);
  CHECK(device.ports[0].from_guest == bytes_of("plain"));
  CHECK(console->opened() == nullptr);
  CHECK(console->poll().has_value());
}

TEST_CASE("virtio ports: configurations that contradict themselves") {
  FakeConsole device({{1, named(kName)}});
  const auto console = std::make_unique<StaticMultiportConsole<>>();
  std::memset(device.transport.configuration.data() + 4, 0, 4);
  CHECK(console->start(device.transport).error() == Error::configuration_invalid);
  CHECK(console->port(0) == nullptr);
  device.transport.configuration[4] = 0xff;
  device.transport.configuration[7] = 0xff;
  device.transport.queues[9].limit = 0;  // says it has four billion ports, and has not even four
  CHECK(console->start(device.transport).error() == Error::queue_absent);
  std::uint32_t generation = 0;
  device.transport.generation = [&] { return ++generation; };
  CHECK(console->start(device.transport).error() == Error::configuration_unstable);
}
