// Virtio's legacy interface on PCI: who has it alone, where its ports are, what its transport does to them.
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <vector>

#include "kernel/devices/virtio/pci_layout.hpp"
#include "kernel/devices/virtio/pci_legacy_transport.hpp"
#include "tests/unit/pci/fake_machine.hpp"

using namespace toro;
using namespace toro::virtio;

namespace {

using R = PciLegacyRegister;

struct Ports {
  std::array<std::uint8_t, 32> bytes{};
  std::vector<std::array<std::uint32_t, 3>> writes;  // offset, value, width
  bool refuses_messages = false;
};

struct Window {
  Ports* ports;
  template <typename T>
  T read(std::uint16_t offset) {
    T value;
    std::memcpy(&value, ports->bytes.data() + offset, sizeof value);
    return value;
  }
  template <typename T>
  void write(std::uint16_t offset, T value) {
    ports->writes.push_back({offset, value, sizeof value});
    if (ports->refuses_messages && offset == std::to_underlying(R::queue_message)) value = static_cast<T>(kNoMessage);
    std::memcpy(ports->bytes.data() + offset, &value, sizeof value);
  }
};

constexpr LegacyQueues kQueues{nullptr, nullptr, LegacyQueues::Size::fixed};

using Fake = BasicPciLegacyTransport<Window>;

std::array<std::uint32_t, 3> entry(R which, std::uint32_t value, std::uint32_t width) {
  return {std::to_underlying(which), value, width};
}

}  // namespace

TEST_CASE("virtio legacy on pci: a transitional device without capabilities of virtio's") {
  pci::test::FakeMachine machine;
  constexpr pci::Address kAt{0, 3, 0};
  auto& bytes = machine.add(kAt)
                    .set(pci::Register::vendor, 0x1af4)
                    .set(pci::Register::device, 0x1003)
                    .set(0x2e, std::uint16_t{3});
  const pci::Function function{machine, kAt};
  CHECK(pci_device_type(function) == DeviceType::console);
  CHECK(has_legacy_interface_alone(function));
  bytes.set(pci::Register::status, 0x10).set(0x34, std::uint8_t{0x40}).set(0x40, std::uint8_t{0x11});
  CHECK(has_legacy_interface_alone(function));  // MSI-X is not virtio's
  bytes.set(0x41, std::uint8_t{0x50}).set(0x50, std::uint8_t{0x09}).set(0x52, std::uint8_t{16});
  CHECK_FALSE(has_legacy_interface_alone(function));
  bytes.set(0x41, std::uint8_t{0}).set(pci::Register::device, 0x1043);
  CHECK_FALSE(has_legacy_interface_alone(function));
}

TEST_CASE("virtio legacy on pci: where the ports are") {
  pci::Bars bars{};
  const auto ports = [&](pci::Bar::Space space, std::uint64_t address) {
    bars[0] = {space, address};
    return legacy_ports(bars);
  };
  using Space = pci::Bar::Space;
  CHECK(ports(Space::io, 0xc000)->base == 0xc000);
  CHECK(ports(Space::io, 0xc000)->length == 256);
  CHECK(ports(Space::io, 0xffe0)->length == 32);
  CHECK(ports(Space::memory, 0xc000).error() == pci::Error::bad_capability);
  CHECK(ports(Space::io, 0xc010).error() == pci::Error::bad_capability);
  CHECK(ports(Space::io, 0).error() == pci::Error::no_address);
}

TEST_CASE("virtio legacy on pci: a queue gets its message and its page") {
  Ports ports;
  Fake transport({&ports}, 32, DeviceType::console, 2, kQueues);
  ports.bytes[0x0c] = 128;
  CHECK(transport.queue_size_limit(1) == 128);
  ports.writes.clear();
  REQUIRE(transport.enable_queue(1, {.descriptors = 0x1234'5000, .size = 128}).has_value());
  CHECK(ports.writes == std::vector<std::array<std::uint32_t, 3>>{
                            entry(R::queue_select, 1, 2), entry(R::queue_message, 1, 2),
                            entry(R::configuration_message, 0, 2), entry(R::queue_page, 0x12345, 4)});
  CHECK(transport.queue_size_limit(1).error() == Error::queue_in_use);
  ports.bytes[0x0c] = 0;
  CHECK(transport.queue_size_limit(1).error() == Error::queue_absent);
  ports.refuses_messages = true;
  CHECK(transport.enable_queue(1, {}).error() == Error::configuration_invalid);
  CHECK(transport.legacy());
}

TEST_CASE("virtio legacy on pci: features, interrupts, configuration") {
  Ports ports;
  Fake transport({&ports}, 32, DeviceType::console, 2, kQueues);
  ports.bytes[3] = 0x30;
  CHECK(transport.device_features().bits == 0x3000'0000);
  transport.signal(1);
  CHECK(transport.take_interrupt().queue);
  transport.signal(0);
  CHECK(transport.take_interrupt().configuration);
  CHECK_FALSE(transport.take_interrupt().queue);
  ports.bytes[0x18] = 7;
  CHECK(transport.configuration32(0) == 7);
  CHECK(transport.configuration32(8) == 0);
  CHECK(transport.configuration8(7) == 0);
  transport.reset();
  CHECK(ports.writes.back() == entry(R::status, 0, 1));
}
