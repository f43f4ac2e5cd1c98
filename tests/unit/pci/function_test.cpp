// Base addresses and capabilities of a function that may lie.
#include "kernel/devices/pci/function.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/pci/fake_machine.hpp"

using namespace toro::pci;
using test::FakeMachine;

namespace {

constexpr Address kAt{0, 4, 0};

struct One {
  FakeMachine machine;
  test::FakeFunction& bytes = machine.add(kAt);
  Function function{machine, kAt};
};

std::vector<unsigned> capabilities(const Function& function, CapabilityId id, unsigned length) {
  std::vector<unsigned> offsets;
  function.visit_capabilities(id, length, [&](unsigned offset) { offsets.push_back(offset); });
  return offsets;
}

}  // namespace

TEST_CASE("pci function: registers of each width") {
  One one;
  one.bytes.set(0x10, std::uint32_t{0x44332211});
  CHECK(one.function.read8(0x11) == 0x22);
  CHECK(one.function.read16(0x12) == 0x4433);
  CHECK(one.function.read32(0x10) == 0x44332211);
}

TEST_CASE("pci function: base addresses") {
  One one;
  one.bytes.set(0x10, std::uint32_t{0xfeb0'0000});  // 32 bits of memory
  one.bytes.set(0x14, std::uint32_t{0xc041});       // ports
  one.bytes.set(0x18, std::uint32_t{0x0000'000c});  // 64 bits of memory, prefetchable
  one.bytes.set(0x1c, std::uint32_t{0x0000'0008});
  one.bytes.set(0x20, std::uint32_t{0x000d'0002});  // below 1 MiB: a type of old
  one.bytes.set(0x24, std::uint32_t{0x0000'8004});  // 64 bits, of which half are missing
  const Bars bars = one.function.read_bars();
  CHECK(bars[0].space == Bar::Space::memory);
  CHECK(bars[0].address == 0xfeb0'0000);
  CHECK(bars[0].limit() == 0x10'0000);
  CHECK(bars[1].space == Bar::Space::io);
  CHECK(bars[1].address == 0xc040);
  CHECK(bars[1].limit() == 0x40);
  CHECK(bars[2].address == 0x8'0000'0000);
  for (unsigned i = 3; i < kBars; ++i) {
    CHECK(bars[i].address == 0);
    CHECK(bars[i].limit() == 0);
  }
}

TEST_CASE("pci function: capabilities") {
  One one;
  one.bytes.set(0x34, std::uint8_t{0x40});
  one.bytes.set(0x40, std::uint16_t{0x5009}).set(0x50, std::uint16_t{0xfc11}).set(0xfc, std::uint16_t{0x0009});
  CHECK(capabilities(one.function, CapabilityId::vendor_specific, 4).empty());  // the status bit says: no list
  one.bytes.set(Register::status, 0x10);
  CHECK(capabilities(one.function, CapabilityId::vendor_specific, 4) == std::vector<unsigned>{0x40, 0xfc});
  CHECK(capabilities(one.function, CapabilityId::vendor_specific, 16) == std::vector<unsigned>{0x40});
  CHECK(one.function.find_capability(CapabilityId::msi_x, 12) == 0x50);
  CHECK_FALSE(one.function.find_capability(CapabilityId::msi, 10));
}

TEST_CASE("pci function: a list of capabilities that loops, or leads into the header, ends") {
  One one;
  one.bytes.set(Register::status, 0x10).set(0x34, std::uint8_t{0x43});
  one.bytes.set(0x40, std::uint16_t{0x4009});
  CHECK(capabilities(one.function, CapabilityId::vendor_specific, 4).size() == 48);
  CHECK(one.function.find_capability(CapabilityId::vendor_specific, 4) == 0x40);
  one.bytes.set(0x40, std::uint16_t{0x1009});
  CHECK(capabilities(one.function, CapabilityId::vendor_specific, 4).size() == 1);
}
