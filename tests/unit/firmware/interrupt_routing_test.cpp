// Where interrupts of ISA and PCI arrive.
#include "kernel/firmware/interrupt_routing.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/firmware/machines.hpp"

using namespace toro::firmware;
using namespace toro::firmware::test;

namespace {

constexpr InterruptLine kIsa{Polarity::high, Trigger::edge};
constexpr InterruptLine kPci{Polarity::low, Trigger::level};
constexpr InterruptLine kHighLevel{Polarity::high, Trigger::level};

InterruptRouting routing_of(const std::string& name, std::uint64_t root) {
  FakeMemory memory = machine(name);
  const auto tables = acpi::Tables::open(memory.reader(), root);
  REQUIRE(tables.has_value());
  const auto table = tables->find("APIC");
  REQUIRE(table.has_value());
  const auto routing = InterruptRouting::read(*table);
  REQUIRE(routing.has_value());
  return *routing;
}

Buffer io_apic(std::uint8_t id, std::uint32_t address, std::uint32_t first) {
  Buffer entry{1, 12, id, 0};
  append(entry, address, 4);
  append(entry, first, 4);
  return entry;
}

Buffer override_of(std::uint8_t irq, std::uint32_t interrupt, std::uint16_t flags) {
  Buffer entry{2, 10, 0, irq};
  append(entry, interrupt, 4);
  append(entry, flags, 2);
  return entry;
}

InterruptRouting routing_of(const std::vector<Buffer>& entries) {
  const Buffer table = madt_table(entries);
  const auto routing = InterruptRouting::read(bytes(table));
  REQUIRE(routing.has_value());
  return *routing;
}

}  // namespace

TEST_CASE("interrupt routing: QEMU's pc") {
  const InterruptRouting routing = routing_of("firmware-acpi/corpus/pc-2-sockets-of-3", 0xf5980);
  REQUIRE(routing.io_apics().size() == 1);
  CHECK(routing.io_apics()[0].address == 0xfec00000);
  CHECK(routing.of_isa(0) == GlobalInterrupt{2, kIsa});
  CHECK(routing.of_isa(4) == GlobalInterrupt{4, kIsa});
  CHECK(routing.of_isa(9) == GlobalInterrupt{9, kHighLevel});
  CHECK(routing.of_pci(10) == GlobalInterrupt{10, kHighLevel});
  CHECK(routing.of_pci(7) == GlobalInterrupt{7, kPci});
  CHECK(routing.of_pci(18) == GlobalInterrupt{18, kPci});
}

TEST_CASE("interrupt routing: several I/O APICs, and more than are kept") {
  const InterruptRouting two = routing_of("firmware-acpi/corpus/microvm-3", 0xf34d0);
  REQUIRE(two.io_apics().size() == 2);
  CHECK(two.io_apics()[1].first_interrupt == 24);

  std::vector<Buffer> entries;
  for (std::uint8_t i = 0; i < 12; ++i) entries.push_back(io_apic(i, 0xfec00000U + i * 0x1000U, i * 24U));
  const InterruptRouting many = routing_of(entries);
  REQUIRE(many.io_apics().size() == InterruptRouting::kMostIoApics);
  CHECK(many.io_apics()[7].first_interrupt == 7 * 24);
}

TEST_CASE("interrupt routing: without I/O APIC each interrupt is itself") {
  const InterruptRouting routing = routing_of(std::vector<Buffer>{local_apic(0, 1)});
  CHECK(routing.io_apics().empty());
  CHECK(routing.of_isa(15) == GlobalInterrupt{15, kIsa});
  CHECK(routing.of_isa(200) == GlobalInterrupt{200, kIsa});
}

TEST_CASE("interrupt routing: an override says what it wants, and leaves the rest to the bus") {
  const InterruptRouting routing =
      routing_of({override_of(3, 19, 0), override_of(4, 20, 0b0011), override_of(5, 21, 0b1100),
                  override_of(6, 22, 0b1010), override_of(16, 1, 0xf), override_of(255, 1, 0xf)});
  CHECK(routing.of_isa(3) == GlobalInterrupt{19, kIsa});
  CHECK(routing.of_pci(3) == GlobalInterrupt{19, kPci});
  CHECK(routing.of_isa(4) == GlobalInterrupt{20, {Polarity::low, Trigger::edge}});
  CHECK(routing.of_isa(5) == GlobalInterrupt{21, kHighLevel});
  CHECK(routing.of_pci(5) == GlobalInterrupt{21, kPci});
  CHECK(routing.of_isa(6) == GlobalInterrupt{22, kIsa});  // values that mean nothing
  CHECK(routing.of_isa(16) == GlobalInterrupt{16, kIsa});
}

TEST_CASE("interrupt routing: a table that breaks off tells nothing") {
  Buffer table = madt_table({io_apic(0, 0xfec00000, 0)});
  table.resize(table.size() - 4);
  CHECK_FALSE(InterruptRouting::read(bytes(table)).has_value());
}
