// The single-port console.
#include "kernel/devices/virtio/console.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <numeric>

#include "tests/unit/virtio/fake_console.hpp"

using namespace toro::virtio;
using namespace toro::virtio::test;

namespace {

constinit Console static_console;  // must need no constructor at run time
static_assert(std::is_trivially_destructible_v<Console>);

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31 + i / 251);
  return bytes;
}

struct Started {
  Started() { REQUIRE(console->start(device.transport).has_value()); }
  std::unique_ptr<Console> console = std::make_unique<Console>();
  FakeConsole device;
};

}  // namespace

TEST_CASE("virtio console: starts with two queues and writes what it is given") {
  FakeConsole device;
  CHECK(static_console.write(bytes_of("early")).error() == Error::not_started);
  CHECK_FALSE(static_console.on_interrupt());
  REQUIRE(static_console.start(device.transport).has_value());
  CHECK(device.transport.queues.size() == 2);
  CHECK(device.transport.queues[0].notified == 1);
  CHECK(static_console.write(bytes_of("Hello from Toro\n")) == 16);
  CHECK(static_console.tx_idle() == true);
  CHECK(device.ports[0].from_guest == bytes_of("Hello from Toro\n"));
  CHECK(static_console.write({}) == 0);
  CHECK(device.transport.queues[1].notified == 1);
}

TEST_CASE("virtio console: multiport is not taken though it is offered") {
  FakeConsole device({{1, {.name = "x", .from_guest = {}, .to_guest = {}}}});
  const auto console = std::make_unique<Console>();
  REQUIRE(console->start(device.transport).has_value());
  CHECK_FALSE(device.transport.accepted.has(ConsoleFeature::multiport));
}

TEST_CASE("virtio console: a long write is taken in part, in one notification, and in order") {
  Started s;
  s.device.stopped = true;
  const auto data = pattern(10'000);
  const auto before = s.device.transport.queues[1].notified;
  auto taken = s.console->write(data);
  CHECK(taken == 8 * 512);
  CHECK(s.device.transport.queues[1].notified == before + 1);
  CHECK(s.console->write(std::span(data).subspan(*taken)) == 0);
  CHECK(s.device.transport.queues[1].notified == before + 1);
  CHECK(s.console->tx_idle() == false);
  std::size_t done = *taken;
  while (done < data.size()) {
    s.device.run();
    done += *s.console->write(std::span(data).subspan(done));
  }
  s.device.run();
  CHECK(s.console->tx_idle() == true);
  CHECK(s.device.ports[0].from_guest == data);
}

TEST_CASE("virtio console: what the host sends is read in order, whatever the sizes, with back-pressure") {
  Started s;
  const auto data = pattern(5000);
  s.device.host_send(0, data);
  CHECK_FALSE(s.device.ports[0].to_guest.empty());  // four buffers of 256 bytes
  std::vector<std::byte> got;
  std::array<std::byte, 100> piece{};
  for (std::size_t size = 1; got.size() < data.size(); size = size % piece.size() + 1) {
    const auto count = s.console->read(std::span(piece).first(size));
    REQUIRE(count.has_value());
    REQUIRE(*count > 0);
    got.insert(got.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*count));
  }
  CHECK(got == data);
  CHECK(s.console->read(piece) == 0);
}

TEST_CASE("virtio console: the interrupt handler acknowledges and collects") {
  Started s;
  CHECK_FALSE(s.console->on_interrupt());
  s.device.host_send(0, bytes_of("abc"));
  CHECK(s.device.transport.pending.queue);
  CHECK(s.console->on_interrupt());
  CHECK_FALSE(s.device.transport.pending.queue);
  CHECK(s.console->channel().has_received());
  std::array<std::byte, 8> data{};
  CHECK(s.console->read(data) == 3);

  // A write's completion does not interrupt.
  CHECK(s.console->write(bytes_of("x")) == 1);
  CHECK_FALSE(s.device.transport.pending.queue);
}

TEST_CASE("virtio console: a write that found no room is told when there is") {
  Started s;
  s.device.stopped = true;
  const auto data = pattern(9 * 512);
  CHECK(s.console->write(std::span(data).first(8 * 512)) == 8 * 512);
  CHECK(s.console->write(std::span(data).last(512)) == 0);
  CHECK_FALSE(s.device.transport.pending.queue);
  s.device.run();
  CHECK(s.console->on_interrupt());
  CHECK(s.console->write(std::span(data).last(512)) == 512);
  s.device.run();
  CHECK_FALSE(s.device.transport.pending.queue);  // nobody waits any more
  CHECK(s.device.ports[0].from_guest == data);

  // In one call: part of it fits, the rest waits.
  CHECK(s.console->write(data) == 8 * 512);
  s.device.run();
  CHECK(s.device.transport.pending.queue);
  CHECK(s.console->write(data) == 8 * 512);  // polled, with the interrupt still pending
}

TEST_CASE("virtio console: a device with a tiny ring serves as well") {
  FakeConsole device;
  device.transport.queues[0].limit = 1;
  device.transport.queues[1].limit = 2;
  const auto console = std::make_unique<Console>();
  REQUIRE(console->start(device.transport).has_value());
  const auto data = pattern(3000);
  for (std::size_t done = 0; done < data.size();) done += *console->write(std::span(data).subspan(done));
  CHECK(device.ports[0].from_guest == data);
  device.host_send(0, data);
  std::vector<std::byte> got(data.size());
  for (std::size_t done = 0; done < got.size();) done += *console->read(std::span(got).subspan(done));
  CHECK(got == data);
}

TEST_CASE("virtio console: empty receive buffers are returned, and without end they do not hold the core") {
  Started s;
  auto& transport = s.device.transport;
  s.device.stopped = true;
  std::uint32_t empties = 0;
  transport.on_notify = [&](std::uint16_t queue) {
    if (queue != 0) return;
    while (const auto chain = transport.pop(0)) {
      transport.push(0, chain->head, 0);
      ++empties;
    }
  };
  transport.notify(0);
  std::array<std::byte, 8> data{};
  for (int i = 0; i < 10; ++i) CHECK(s.console->read(data) == 0);
  CHECK(empties >= 40);
}

TEST_CASE("virtio console: errors of the device reach the caller, after the good data") {
  Started s;
  auto& transport = s.device.transport;
  std::array<std::byte, 8> data{};
  SUBCASE("receiving") {
    s.device.host_send(0, bytes_of("good"));
    transport.push(0, 99, 1);
    CHECK(s.console->read(std::span(data).first(2)) == 2);
    CHECK(s.console->read(data) == 2);
    CHECK(s.console->read(data).error() == Error::queue_broken);
    CHECK(s.console->write(bytes_of("still")) == 5);
  }
  SUBCASE("transmitting") {
    s.device.stopped = true;
    CHECK(s.console->write(bytes_of("x")) == 1);
    const auto chain = transport.pop(1);
    transport.push(1, chain->head, 1);  // nothing was offered for writing
    CHECK(s.console->write(bytes_of("x")).error() == Error::used_length_invalid);
    CHECK(s.console->tx_idle().error() == Error::queue_broken);
    CHECK(s.console->read(data) == 0);
  }
  SUBCASE("the device asks for a reset") {
    transport.pending.configuration = true;
    CHECK(s.console->on_interrupt());
    CHECK_FALSE(s.console->error().has_value());
    transport.current = transport.current.with(StatusBit::device_needs_reset);
    transport.pending.configuration = true;
    CHECK(s.console->on_interrupt());
    CHECK(s.console->write(bytes_of("x")).error() == Error::device_needs_reset);
    CHECK(s.console->read(data).error() == Error::device_needs_reset);
    CHECK(s.console->poll().error() == Error::device_needs_reset);
    // and a new start gives it
    CHECK(s.console->start(transport).has_value());
    CHECK(s.console->write(bytes_of("again")) == 5);
    CHECK(s.device.ports[0].from_guest == bytes_of("again"));
  }
}

TEST_CASE("virtio console: it does not start on something else") {
  FakeConsole device;
  const auto console = std::make_unique<Console>();
  device.transport.device_type = DeviceType::block;
  CHECK(console->start(device.transport).error() == Error::wrong_device_type);
  device.transport.device_type = DeviceType::console;
  device.transport.queues[1].limit = 0;
  CHECK(console->start(device.transport).error() == Error::queue_absent);
  std::array<std::byte, 1> data{};
  CHECK(console->read(data).error() == Error::not_started);
  CHECK(device.transport.current.bits == 128);
}
