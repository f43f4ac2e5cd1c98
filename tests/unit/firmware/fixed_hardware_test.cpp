// The tables of single devices: FADT with the DSDT's package for power off, MCFG, HPET.
#include <doctest/doctest.h>

#include <vector>

#include "kernel/firmware/fadt.hpp"
#include "kernel/firmware/hpet.hpp"
#include "kernel/firmware/mcfg.hpp"
#include "tests/unit/firmware/machines.hpp"

using namespace toro::firmware;
using namespace toro::firmware::test;

namespace {

Bytes table_of(FakeMemory& memory, std::uint64_t root, std::string_view signature) {
  const auto tables = acpi::Tables::open(memory.reader(), root);
  REQUIRE(tables.has_value());
  const auto table = tables->find(signature);
  REQUIRE(table.has_value());
  return *table;
}

fadt::Fadt fadt_of(FakeMemory& memory, std::uint64_t root) {
  const auto found = fadt::read(table_of(memory, root, "FACP"));
  REQUIRE(found.has_value());
  return *found;
}

std::expected<fadt::SleepType, Error> soft_off(const Buffer& code) {
  return fadt::find_soft_off(bytes(acpi_table("DSDT", 2, code)));
}

std::vector<mcfg::Segment> segments(const Buffer& entries, std::expected<void, Error>& result) {
  std::vector<mcfg::Segment> found;
  const Buffer table = acpi_table("MCFG", 1, joined({Buffer(8), entries}));
  result = mcfg::visit_entries(bytes(table), [&](const mcfg::Segment& segment) { found.push_back(segment); });
  return found;
}

Buffer segment(std::uint64_t base, std::uint8_t first, std::uint8_t last) {
  Buffer entry;
  append(entry, base, 8);
  append(entry, 0, 2);
  append(entry, first, 1);
  append(entry, last, 1);
  append(entry, 0, 4);
  return entry;
}

}  // namespace

TEST_CASE("FADT: pc, the first revision") {
  FakeMemory memory = machine("firmware-acpi/corpus/pc-2-sockets-of-3");
  const fadt::Fadt found = fadt_of(memory, 0xf5980);
  CHECK(found.dsdt == 0x1fe0040);
  CHECK(found.sci_interrupt == 9);
  CHECK(found.pm_timer.space == acpi::AddressSpace::io);
  CHECK(found.pm_timer.address == 0x608);
  CHECK(found.pm1a_control.address == 0x604);
  CHECK(found.pm1b_control.address == 0);
  CHECK(found.smi_command == 0xb2);
  CHECK(found.acpi_enable == 0xf1);
  CHECK(found.pm1a_events.status.space == acpi::AddressSpace::io);
  CHECK(found.pm1a_events.status.address == 0x600);
  CHECK(found.pm1a_events.enable.address == 0x602);
  CHECK(found.pm1b_events.status.address == 0);
  CHECK(found.sleep_control.address == 0);
  CHECK(found.reset.address == 0);
  CHECK_FALSE(found.hardware_reduced);
  CHECK(found.boot_architecture == (fadt::kLegacyDevices | fadt::kKeyboardController));
}

TEST_CASE("FADT: q35, with reset register and soft off") {
  FakeMemory memory = machine("firmware-acpi/corpus/q35-1");
  const fadt::Fadt found = fadt_of(memory, 0xf59e0);
  CHECK(found.pm_timer.address == 0x608);
  CHECK(found.pm1a_control.address == 0x604);
  CHECK(found.pm1a_events.status.address == 0x600);
  CHECK(found.pm1a_events.enable.address == 0x602);
  CHECK(found.reset.space == acpi::AddressSpace::io);
  CHECK(found.reset.address == 0xcf9);
  CHECK(found.reset_value == 0xf);
  const auto dsdt = acpi::read_table(memory.reader(), found.dsdt, "DSDT");
  REQUIRE(dsdt.has_value());
  const auto sleep = fadt::find_soft_off(*dsdt);
  REQUIRE(sleep.has_value());
  CHECK(sleep->a == 0);
  CHECK(sleep->b == 0);
}

TEST_CASE("FADT: microvm, without the hardware of a PC") {
  FakeMemory memory = machine("firmware-acpi/corpus/microvm-3");
  const fadt::Fadt found = fadt_of(memory, 0xf34d0);
  CHECK(found.hardware_reduced);
  CHECK(found.pm_timer.address == 0);
  CHECK(found.pm1a_control.address == 0);
  CHECK(found.pm1a_events.enable.address == 0);
  CHECK(found.sleep_control.space == acpi::AddressSpace::memory);
  CHECK(found.sleep_control.address == 0xfea00200);
  CHECK(found.reset.space == acpi::AddressSpace::memory);
  CHECK(found.reset.address == 0xfea00202);
  CHECK(found.reset_value == 0x42);
  CHECK(found.boot_architecture == 0);
  const auto dsdt = acpi::read_table(memory.reader(), found.dsdt, "DSDT");
  REQUIRE(dsdt.has_value());
  const auto sleep = fadt::find_soft_off(*dsdt);
  REQUIRE(sleep.has_value());
  CHECK(sleep->a == 5);
}

TEST_CASE("FADT: lengths") {
  CHECK(fadt::read(bytes(acpi_table("FACP", 1, Buffer(79)))).error() == Error::bad_length);
  CHECK(fadt::read(bytes(acpi_table("FACP", 1, Buffer(80)))).has_value());
  Buffer timer(80);
  timer[76 - 36] = 8;
  timer[112 - 36 + 1] = 1;                                                        // 32 bits
  CHECK(fadt::read(bytes(acpi_table("FACP", 1, timer)))->pm_timer.address == 0);  // its length is not 4
  timer[91 - 36] = 4;
  CHECK(fadt::read(bytes(acpi_table("FACP", 1, timer)))->pm_timer.address == 8);
  CHECK(fadt::read(bytes(acpi_table("FACP", 1, timer)))->pm_timer_bits == 32);
}

TEST_CASE("soft off: the forms of a package") {
  const auto types = [](const Buffer& code) {
    const auto found = soft_off(code);
    REQUIRE(found.has_value());
    return found->a * 16 + found->b;
  };
  CHECK(types({8, '_', 'S', '5', '_', 0x12, 6, 4, 1, 0, 0, 0}) == 0x10);
  CHECK(types({0, 8, '\\', '_', 'S', '5', '_', 0x12, 8, 4, 0xa, 7, 0xa, 5, 0, 0}) == 0x75);
  CHECK(types({8, '_', 'S', '5', '_', 0x12, 0x45, 0, 2, 0xb, 3, 0, 0xc, 2, 0, 0, 0}) == 0x32);
  CHECK(types({8, '_', 'S', '5', '_', 0x12, 4, 1, 0xa, 6}) == 0x66);
  CHECK(types({8, '_', 'S', '5', '_', 0x14, 0, 8, '_', 'S', '5', '_', 0x12, 4, 2, 1, 1}) == 0x11);
}

TEST_CASE("soft off: what is not one") {
  for (const Buffer& code : {
           Buffer{},
           Buffer{'_', 'S', '5', '_', 0x12, 6, 4, 1, 0, 0, 0},
           Buffer{'\\', '_', 'S', '5', '_', 0x12, 6, 4, 1, 0, 0, 0},
           Buffer{8, '_', 'S', '5', '_'},
           Buffer{8, '_', 'S', '5', '_', 0x12},
           Buffer{8, '_', 'S', '5', '_', 0x12, 0xc5, 0},
           Buffer{8, '_', 'S', '5', '_', 0x12, 2, 0},
           Buffer{8, '_', 'S', '5', '_', 0x12, 2, 2, 1},
           Buffer{8, '_', 'S', '5', '_', 0x12, 4, 2, 0xa, 8, 0},
           Buffer{8, '_', 'S', '5', '_', 0x12, 4, 2, 0xc, 1, 0},
           Buffer{8, '_', 'S', '5', '_', 0x12, 4, 2, 0xff, 1},
           Buffer{8, '_', 'S', '4', '_', 0x12, 6, 4, 1, 0, 0, 0},
       }) {
    CAPTURE(code.size());
    CHECK(soft_off(code).error() == Error::not_found);
  }
  CHECK(fadt::find_soft_off(bytes(Buffer(35))).error() == Error::bad_length);
}

TEST_CASE("MCFG: q35, and entries that cannot be") {
  FakeMemory memory = machine("firmware-acpi/corpus/q35-1");
  std::vector<mcfg::Segment> found;
  CHECK(mcfg::visit_entries(table_of(memory, 0xf59e0, "MCFG"), [&](const mcfg::Segment& s) {
          found.push_back(s);
        }).has_value());
  REQUIRE(found.size() == 1);
  CHECK(found[0].base == 0xb0000000);
  CHECK(found[0].first_bus == 0);
  CHECK(found[0].last_bus == 255);

  std::expected<void, Error> result;
  CHECK(segments(joined({segment(0, 0, 1), segment(0x1000000, 2, 1), segment(~0ULL << 20, 0, 255),
                         segment(0x1000000, 3, 3)}),
                 result)
            .size() == 1);
  CHECK(result.has_value());
  CHECK(segments(joined({segment(0x1000000, 0, 1), Buffer(15)}), result).size() == 1);
  CHECK(result.error() == Error::entry_past_end);
  CHECK(mcfg::visit_entries(bytes(Buffer(43)), [](const mcfg::Segment&) {}).error() == Error::bad_length);
}

TEST_CASE("HPET: q35, and one without registers") {
  FakeMemory memory = machine("firmware-acpi/corpus/q35-1");
  const auto found = hpet::read(table_of(memory, 0xf59e0, "HPET"));
  REQUIRE(found.has_value());
  CHECK(found->registers.address == 0xfed00000);
  CHECK(found->number == 0);
  CHECK(hpet::read(bytes(acpi_table("HPET", 1, Buffer(20)))).error() == Error::not_found);
  CHECK(hpet::read(bytes(acpi_table("HPET", 1, Buffer(19)))).error() == Error::bad_length);
}
