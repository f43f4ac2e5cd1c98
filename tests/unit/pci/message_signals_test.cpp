// MSI-X and MSI: what a capability is believed, and what is written.
#include "kernel/devices/pci/message_signals.hpp"

#include <doctest/doctest.h>

#include "tests/unit/pci/fake_machine.hpp"

using namespace toro::pci;
using test::FakeMachine;

namespace {

constexpr Address kAt{0, 4, 0};
constexpr std::uint64_t kMessage = 0xfee0'3000;

struct One {
  FakeMachine machine;
  test::FakeFunction& bytes = machine.add(kAt).set(Register::status, 0x10).set(0x34, std::uint8_t{0x40});
  Function function{machine, kAt};
  Bars bars{};

  One() { bars[1] = {Bar::Space::memory, 0xfeb0'1000}; }

  void has_msi_x(std::uint16_t entries, std::uint32_t table) {
    bytes.set(0x40, std::uint16_t{0x11}).set(0x42, static_cast<std::uint16_t>(entries - 1)).set(0x44, table);
  }
};

}  // namespace

TEST_CASE("pci messages: MSI-X") {
  One one;
  one.has_msi_x(3, 0x801);
  const auto capability = find_message_capability(one.function, one.bars);
  REQUIRE(capability);
  CHECK(capability->kind == MessageCapability::Kind::msi_x);
  CHECK(capability->entries == 3);
  CHECK(capability->table == 0xfeb0'1800);
  CHECK(capability->table_bytes == 48);
  MessageEntry table[3]{{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}};
  set_message(one.function, *capability, table, 2, kMessage, 35);
  CHECK(table[2].address_low == kMessage);
  CHECK(table[2].address_high == 0);
  CHECK(table[2].data == 35);
  CHECK(table[2].control == 0);
  CHECK(table[1].control == 1);
  enable_messages(one.function, *capability);
  CHECK(one.function.read16(0x42) == 0x8002);
  CHECK(one.function.read16(Register::command) == kCommandNoInterruptPin);
}

TEST_CASE("pci messages: a table that is not in its registers is refused") {
  One one;
  for (const std::uint32_t table : {0xfd1U, 0xffff'fff1U, 0x806U, 0x807U}) {
    one.has_msi_x(3, table);
    CHECK(find_message_capability(one.function, one.bars).error() == Error::bad_capability);
  }
  one.has_msi_x(2048, 0x801);
  CHECK(find_message_capability(one.function, one.bars).error() == Error::bad_capability);
  one.has_msi_x(3, 0xfd1);
  one.bars[1].space = Bar::Space::io;
  CHECK(find_message_capability(one.function, one.bars).error() == Error::bad_capability);
  one.has_msi_x(3, 0x800);  // a BAR without an address
  CHECK(find_message_capability(one.function, one.bars).error() == Error::no_address);
}

TEST_CASE("pci messages: MSI, with an address of 32 bits and of 64") {
  One one;
  CHECK(find_message_capability(one.function, one.bars).error() == Error::no_message_signals);
  one.bytes.set(0x40, std::uint16_t{0x05}).set(0x42, std::uint16_t{0x0020});
  auto capability = find_message_capability(one.function, one.bars);
  REQUIRE(capability);
  CHECK(capability->entries == 1);
  set_message(one.function, *capability, nullptr, 0, kMessage, 35);
  CHECK(one.function.read32(0x44) == kMessage);
  CHECK(one.function.read32(0x48) == 35);
  enable_messages(one.function, *capability);
  CHECK(one.function.read16(0x42) == 0x0001);  // on, and one message of those it could send

  one.bytes.set(0x42, std::uint16_t{0x0080});
  capability = find_message_capability(one.function, one.bars);
  set_message(one.function, *capability, nullptr, 0, 0x1'0000'0000 | kMessage, 36);
  CHECK(one.function.read32(0x44) == kMessage);
  CHECK(one.function.read32(0x48) == 1);
  CHECK(one.function.read32(0x4c) == 36);
}
