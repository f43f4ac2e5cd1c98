// A socket device, good and bad.
#include "kernel/devices/virtio/vsock.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "tests/unit/virtio/fake_transport.hpp"

using namespace toro::virtio;
using toro::virtio::test::FakeTransport;

namespace {

struct FakeHost {
  FakeTransport transport;
  std::unique_ptr<Vsock> device = std::make_unique<Vsock>();

  FakeHost() {
    transport.device_type = DeviceType::socket;
    transport.configuration[0] = 3;
  }
  /// A packet for the guest, of which the device says that it wrote `written` bytes.
  void send(const VsockHeader& header, std::string_view payload, std::size_t written) {
    std::vector<std::byte> packet(sizeof header + payload.size());
    std::memcpy(packet.data(), &header, sizeof header);
    std::ranges::copy(std::as_bytes(std::span(payload)), packet.begin() + sizeof header);
    const auto chain = transport.pop(kVsockReceiveQueue);
    REQUIRE(chain);
    chain->fill(packet);
    transport.push(kVsockReceiveQueue, chain->head, static_cast<std::uint32_t>(written));
  }
  void send(std::string_view payload) {
    send({.length = static_cast<std::uint32_t>(payload.size())}, payload, sizeof(VsockHeader) + payload.size());
  }
  void send_event(std::uint32_t id) {
    const auto chain = transport.pop(kVsockEventQueue);
    REQUIRE(chain);
    transport.push(kVsockEventQueue, chain->head, chain->fill(std::as_bytes(std::span(&id, 1))));
  }
};

}  // namespace

TEST_CASE("virtio vsock: it starts, and says its context id") {
  FakeHost host;
  auto& configuration = host.transport.configuration;
  SUBCASE("as it should") {
    configuration[0] = 42;
    REQUIRE(host.device->start(host.transport));
    CHECK(host.device->cid() == 42);
    CHECK(host.device->room() == 16);
  }
  SUBCASE("with the host's own id") {
    configuration[0] = 2;
    CHECK(host.device->start(host.transport).error() == Error::configuration_invalid);
  }
  SUBCASE("with an id of more than 32 bits") {
    configuration[4] = 1;
    CHECK(host.device->start(host.transport).error() == Error::configuration_invalid);
  }
  SUBCASE("with the id that stands for any") {
    std::fill_n(configuration.begin(), 4, std::uint8_t{255});
    CHECK(host.device->start(host.transport).error() == Error::configuration_invalid);
  }
  SUBCASE("without a queue for events") {
    host.transport.queues[kVsockEventQueue].limit = 0;
    CHECK(host.device->start(host.transport).error() == Error::queue_absent);
  }
  SUBCASE("with queues for one") {
    for (std::uint16_t i = 0; i < 3; ++i) host.transport.queues[i].limit = 1;
    REQUIRE(host.device->start(host.transport));
    CHECK(host.device->room() == 1);
  }
  SUBCASE("another device") {
    host.transport.device_type = DeviceType::block;
    CHECK(host.device->start(host.transport).error() == Error::wrong_device_type);
  }
}

TEST_CASE("virtio vsock: packets come in order, and their buffers go back") {
  FakeHost host;
  REQUIRE(host.device->start(host.transport));
  CHECK_FALSE(host.device->receive());
  for (int round = 0; round < 20; ++round) {
    host.send("one");
    host.send("");
    const auto first = host.device->receive();
    REQUIRE(first);
    CHECK(std::ranges::equal(first->payload, std::as_bytes(std::span("one", 3))));
    const auto second = host.device->receive();
    REQUIRE(second);
    CHECK(second->payload.empty());
    CHECK_FALSE(host.device->receive());
    host.device->flush();
  }
}

TEST_CASE("virtio vsock: packets that are cut off, or say that they are longer, are left out") {
  FakeHost host;
  REQUIRE(host.device->start(host.transport));
  host.send({}, "", sizeof(VsockHeader) - 1);
  host.send({.length = 4}, "abc", sizeof(VsockHeader) + 3);
  host.send({.length = UINT32_MAX}, "abc", sizeof(VsockHeader) + 3);
  host.send("good");
  const auto packet = host.device->receive();
  REQUIRE(packet);
  CHECK(packet->payload.size() == 4);
  CHECK_FALSE(host.device->receive());
  CHECK_FALSE(host.device->stopped());
}

TEST_CASE("virtio vsock: packets go as long as there is room, which comes back") {
  FakeHost host;
  REQUIRE(host.device->start(host.transport));
  const std::vector<std::byte> payload(Vsock::kMostPayload, std::byte{7});
  for (int i = 0; i < 16; ++i) CHECK(host.device->transmit({.length = 9}, payload));
  CHECK_FALSE(host.device->transmit({}, {}));
  CHECK_FALSE(host.transport.pop(kVsockTransmitQueue));
  host.device->flush();
  const auto chain = host.transport.pop(kVsockTransmitQueue);
  REQUIRE(chain);
  const auto bytes = chain->data();
  CHECK(bytes.size() == sizeof(VsockHeader) + payload.size());
  CHECK(bytes[28 - 4] == std::byte{9});
  CHECK(bytes.back() == std::byte{7});
  host.transport.push(kVsockTransmitQueue, chain->head, 0);
  CHECK(host.device->room() == 1);
  CHECK(host.device->taken() == 1);
  CHECK_FALSE(host.device->has_taken_all());
}

TEST_CASE("virtio vsock: it hears that the transport was reset, and has the new context id") {
  FakeHost host;
  REQUIRE(host.device->start(host.transport));
  host.send_event(99);
  CHECK_FALSE(host.device->take_transport_reset());
  host.transport.configuration[0] = 9;
  host.send_event(kVsockTransportReset);
  CHECK(host.device->take_transport_reset());
  CHECK_FALSE(host.device->take_transport_reset());
  CHECK(host.device->cid() == 9);
}

TEST_CASE("virtio vsock: a device that breaks the rules, or wants a reset, is out of use") {
  FakeHost host;
  REQUIRE(host.device->start(host.transport));
  SUBCASE("it wrote more than there was room for") {
    host.transport.push(kVsockReceiveQueue, 0, 16385);
  }
  SUBCASE("a buffer that there is not") {
    host.transport.push(kVsockReceiveQueue, 99, 44);
  }
  SUBCASE("it took more than there was") {
    host.transport.set_used_index(kVsockTransmitQueue, 1);
  }
  SUBCASE("many events") {
    host.transport.set_used_index(kVsockEventQueue, 100);
  }
  SUBCASE("it wants a reset") {
    host.transport.current = host.transport.current.with(StatusBit::device_needs_reset);
    host.transport.pending.configuration = true;
    CHECK(host.device->on_interrupt());
    CHECK_FALSE(host.device->listen(false));
  }
  static_cast<void>(host.device->take_transport_reset());
  static_cast<void>(host.device->receive());
  CHECK(host.device->room() == 0);
  CHECK(host.device->stopped());
  CHECK_FALSE(host.device->transmit({}, {}));
  CHECK_FALSE(host.device->receive());
  host.device->flush();
  CHECK(host.transport.statuses.back() == static_cast<std::uint8_t>(StatusBit::failed));
}
