// What the capabilities of a virtio device on PCI are believed.
#include "kernel/devices/virtio/pci_layout.hpp"

#include <doctest/doctest.h>

#include "tests/unit/pci/fake_machine.hpp"

using namespace toro;
using namespace toro::virtio;
using pci::test::FakeMachine;

namespace {

constexpr pci::Address kAt{0, 4, 0};

/// As QEMU makes it: all in BAR 4.
struct Device {
  FakeMachine machine;
  pci::test::FakeFunction& bytes = machine.add(kAt)
                                       .set(pci::Register::vendor, 0x1af4)
                                       .set(pci::Register::device, 0x1043)
                                       .set(pci::Register::status, 0x10)
                                       .set(0x34, std::uint8_t{0x40});
  pci::Function function{machine, kAt};
  pci::Bars bars{};

  Device() {
    bars[4] = {pci::Bar::Space::memory, 0xfe00'4000};
    add(0x40, 0x50, 16, 1, 0x0000, 0x1000);
    add(0x50, 0x60, 16, 3, 0x1000, 0x1000);
    add(0x60, 0x70, 16, 4, 0x2000, 0x1000);
    add(0x70, 0x00, 20, 2, 0x3000, 0x1000);
    bytes.set(0x80, std::uint32_t{4});
  }
  void add(unsigned at, std::uint8_t next, std::uint8_t length, std::uint8_t type, std::uint32_t offset,
           std::uint32_t size, std::uint8_t bar = 4) {
    bytes.set(at, std::uint8_t{9}).set(at + 1, next).set(at + 2, length).set(at + 3, type).set(at + 4, bar);
    bytes.set(at + 8, offset).set(at + 12, size);
  }
  auto layout() { return read_pci_layout(function, bars); }
};

}  // namespace

TEST_CASE("virtio on pci: types") {
  Device device;
  CHECK(pci_device_type(device.function) == DeviceType::console);
  device.bytes.set(pci::Register::device, 0x1003).set(pci::Register::subsystem, 2);
  CHECK(pci_device_type(device.function) == DeviceType::block);  // a transitional device says it elsewhere
  device.bytes.set(pci::Register::device, 0x1080);
  CHECK(pci_device_type(device.function) == DeviceType::none);
  device.bytes.set(pci::Register::device, 0x1043).set(pci::Register::vendor, 0x8086);
  CHECK(pci_device_type(device.function) == DeviceType::none);
}

TEST_CASE("virtio on pci: the layout of a good device") {
  Device device;
  const auto layout = device.layout();
  REQUIRE(layout);
  CHECK((*layout)[PciArea::common].address == 0xfe00'4000);
  CHECK((*layout)[PciArea::isr].address == 0xfe00'5000);
  CHECK((*layout)[PciArea::device].address == 0xfe00'6000);
  CHECK((*layout)[PciArea::notify].address == 0xfe00'7000);
  CHECK((*layout)[PciArea::notify].length == 0x1000);
  CHECK(layout->notify_multiplier == 4);
}

TEST_CASE("virtio on pci: of a kind the first in memory counts; unknown kinds and BARs are passed over") {
  Device device;
  device.bars[0] = {pci::Bar::Space::io, 0xc000};
  device.add(0x50, 0x90, 16, 1, 0x1000, 0x1000);       // a second common configuration
  device.add(0x90, 0xa0, 16, 3, 0x0000, 0x10, 0);      // by ports
  device.add(0xa0, 0xb0, 16, 3, 0x0000, 0x10, 7);      // no such BAR
  device.add(0xb0, 0xc0, 16, 99, 0xffff'ffff, 0, 99);  // of a later version
  device.add(0xc0, 0x60, 16, 3, 0x1000, 0x1000);
  const auto layout = device.layout();
  REQUIRE(layout);
  CHECK((*layout)[PciArea::common].address == 0xfe00'4000);
  CHECK((*layout)[PciArea::isr].address == 0xfe00'5000);
}

TEST_CASE("virtio on pci: what is missing") {
  Device device;
  device.add(0x60, 0x00, 16, 4, 0x2000, 0x1000);
  CHECK(device.layout().error() == pci::Error::no_capability);
  device.bytes.set(pci::Register::status, 0);
  CHECK(device.layout().error() == pci::Error::no_capability);
}

TEST_CASE("virtio on pci: regions that do not fit are refused") {
  const auto refused = [](std::uint8_t type, std::uint32_t offset, std::uint32_t size) {
    Device device;
    device.add(0x40, 0x50, 20, type, offset, size);
    return device.layout().error();
  };
  CHECK(refused(1, 0x3001, 0x1000) == pci::Error::bad_capability);
  CHECK(refused(1, 0x0000, 55) == pci::Error::bad_capability);
  CHECK(refused(1, 0x0002, 0x1000) == pci::Error::bad_capability);
  CHECK(refused(1, 0x3ff0, 0x1000) == pci::Error::bad_capability);
  CHECK(refused(1, 0xffff'fffc, 0x1000) == pci::Error::bad_capability);
  CHECK(refused(1, 0x0000, 0xffff'ffff) == pci::Error::bad_capability);
  CHECK(refused(2, 0x0000, 1) == pci::Error::bad_capability);
  CHECK(refused(3, 0x4000, 1) == pci::Error::bad_capability);
  CHECK(refused(4, 0x0001, 8) == pci::Error::bad_capability);

  Device device;
  device.bars[4].address = std::uint64_t{1} << 40;
  device.add(0x40, 0x50, 16, 1, 0, kLargestPciRegion + 1);
  CHECK(device.layout().error() == pci::Error::bad_capability);
  device.add(0x40, 0x50, 15, 1, 0, 0x1000);
  CHECK(device.layout().error() == pci::Error::bad_capability);
  device.add(0x40, 0x50, 16, 1, 0, 0x1000);
  CHECK(device.layout().has_value());
  device.bars[4].address = 0;
  CHECK(device.layout().error() == pci::Error::no_address);
}

TEST_CASE("virtio on pci: a capability of notification that ends outside of configuration space") {
  Device device;
  device.add(0x60, 0xf0, 16, 4, 0x2000, 0x1000);
  device.add(0xf0, 0x00, 20, 2, 0x3000, 0x1000);
  CHECK(device.layout().error() == pci::Error::bad_capability);
}
