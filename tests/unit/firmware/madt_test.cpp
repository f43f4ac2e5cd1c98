// The entries of the MADT.
#include "kernel/firmware/madt.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/firmware/machines.hpp"

using namespace toro::firmware;
using namespace toro::firmware::test;

namespace {

struct Everything {
  std::vector<madt::Processor> processors;
  std::vector<madt::IoApic> io_apics;
  std::vector<madt::InterruptOverride> overrides;
  std::vector<madt::NmiInterrupt> nmi_interrupts;
  std::vector<madt::NmiPin> nmi_pins;
  std::vector<madt::LocalApicAddress> local_apic_addresses;

  void operator()(const madt::Processor& entry) { processors.push_back(entry); }
  void operator()(const madt::IoApic& entry) { io_apics.push_back(entry); }
  void operator()(const madt::InterruptOverride& entry) { overrides.push_back(entry); }
  void operator()(const madt::NmiInterrupt& entry) { nmi_interrupts.push_back(entry); }
  void operator()(const madt::NmiPin& entry) { nmi_pins.push_back(entry); }
  void operator()(const madt::LocalApicAddress& entry) { local_apic_addresses.push_back(entry); }
};

Everything entries_of(FakeMemory& memory, std::uint64_t root) {
  const auto tables = acpi::Tables::open(memory.reader(), root);
  REQUIRE(tables.has_value());
  const auto table = tables->find("APIC");
  REQUIRE(table.has_value());
  Everything all;
  CHECK(madt::visit_entries(*table, all).has_value());
  return all;
}

Error refusal(const std::vector<Buffer>& entries) {
  const auto result = madt::visit_entries(bytes(madt_table(entries)), [](const madt::Processor&) {});
  REQUIRE_FALSE(result.has_value());
  return result.error();
}

}  // namespace

TEST_CASE("MADT: pc with two sockets of three cores") {
  FakeMemory memory = machine("firmware-acpi/corpus/pc-2-sockets-of-3");
  const Everything all = entries_of(memory, 0xf5980);
  REQUIRE(all.processors.size() == 6);
  constexpr std::uint32_t kIds[]{0, 1, 2, 4, 5, 6};
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(all.processors[i].apic_id == kIds[i]);
    CHECK(all.processors[i].uid == i);
    CHECK(all.processors[i].enabled);
  }
  REQUIRE(all.io_apics.size() == 1);
  CHECK(all.io_apics[0].address == 0xfec00000);
  REQUIRE(all.overrides.size() == 5);
  CHECK(all.overrides[0].irq == 0);
  CHECK(all.overrides[0].interrupt == 2);
  CHECK(all.overrides[0].line == InterruptLine{});
  CHECK(all.overrides[1].irq == 5);
  CHECK(all.overrides[1].line == InterruptLine{Polarity::high, Trigger::level});
  REQUIRE(all.nmi_pins.size() == 1);
  CHECK(all.nmi_pins[0].processor_uid == madt::NmiPin::kAllProcessors);
  CHECK(all.nmi_pins[0].lint == 1);
}

TEST_CASE("MADT: microvm has two I/O APICs") {
  FakeMemory memory = machine("firmware-acpi/corpus/microvm-3");
  const Everything all = entries_of(memory, 0xf34d0);
  CHECK(all.processors.size() == 3);
  REQUIRE(all.io_apics.size() == 2);
  CHECK(all.io_apics[1].address == 0xfec10000);
  CHECK(all.io_apics[1].first_interrupt == 24);
}

TEST_CASE("MADT: flags, wide ids, entries that are passed over") {
  const Buffer table = madt_table({
      local_apic(3, 1),
      local_apic(4, 2),
      local_apic(5, 0),
      local_apic(255, 1),
      local_x2apic(0x12345, 1),
      local_x2apic(0x100, 2),
      local_x2apic(0x101, 0),
      local_x2apic(0xffffffff, 1),
      {0x7f, 2},                                             // of a later revision
      {3, 8, 0xf, 0, 9, 0, 0, 0},                            // NMI source
      {10, 12, 0x5, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0},  // x2APIC NMI
      {5, 12, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},                 // local APIC address
      {2, 11, 0, 9, 20, 0, 0, 0, 0xf, 0, 0x99},              // longer than this revision has it
  });
  Everything all;
  REQUIRE(madt::visit_entries(bytes(table), all).has_value());
  REQUIRE(all.processors.size() == 4);
  CHECK(all.processors[0].apic_id == 3);
  CHECK(all.processors[0].enabled);
  CHECK(all.processors[1].apic_id == 4);
  CHECK_FALSE(all.processors[1].enabled);
  CHECK(all.processors[2].apic_id == 0x12345);
  CHECK_FALSE(all.processors[3].enabled);
  REQUIRE(all.nmi_interrupts.size() == 1);
  CHECK(all.nmi_interrupts[0].interrupt == 9);
  CHECK(all.nmi_interrupts[0].line == InterruptLine{Polarity::low, Trigger::level});
  REQUIRE(all.nmi_pins.size() == 1);
  CHECK(all.nmi_pins[0].line == InterruptLine{Polarity::high, Trigger::edge});
  REQUIRE(all.local_apic_addresses.size() == 1);
  CHECK(all.local_apic_addresses[0].address == 0x100000000);
  REQUIRE(all.overrides.size() == 1);
  CHECK(all.overrides[0].interrupt == 20);
}

TEST_CASE("MADT: bad entries end the walk") {
  CHECK(refusal({local_apic(0, 1), {1, 0}}) == Error::entry_too_short);
  CHECK(refusal({{0x7f, 1}}) == Error::entry_too_short);
  CHECK(refusal({{0, 7, 0, 0, 0, 0, 0}}) == Error::entry_too_short);
  CHECK(refusal({local_apic(0, 1), {1, 12, 0}}) == Error::entry_past_end);
  CHECK(refusal({local_apic(0, 1), {1}}) == Error::entry_past_end);
  CHECK(madt::visit_entries(bytes(Buffer(43)), [](const madt::Processor&) {}).error() == Error::bad_length);
  CHECK(madt::visit_entries(bytes(madt_table({})), [](const madt::Processor&) { FAIL("none is there"); }).has_value());
}
