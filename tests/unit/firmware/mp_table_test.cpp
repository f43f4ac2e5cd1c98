// The MP table: where it is found, what it says, what is refused.
#include "kernel/firmware/mp_table.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/firmware/machines.hpp"

using namespace toro::firmware;
using namespace toro::firmware::test;

namespace {

struct Everything {
  std::vector<mp::Processor> processors;
  std::vector<mp::Bus> buses;
  std::vector<mp::IoApic> io_apics;
  std::vector<mp::InterruptAssignment> interrupts;
  std::vector<mp::LocalInterruptAssignment> local_interrupts;

  void operator()(const mp::Processor& entry) { processors.push_back(entry); }
  void operator()(const mp::Bus& entry) { buses.push_back(entry); }
  void operator()(const mp::IoApic& entry) { io_apics.push_back(entry); }
  void operator()(const mp::InterruptAssignment& entry) { interrupts.push_back(entry); }
  void operator()(const mp::LocalInterruptAssignment& entry) { local_interrupts.push_back(entry); }
};

std::expected<void, Error> ignore_entries(const Buffer& table) {
  return mp::visit_entries(bytes(table), [](const mp::Processor&) {});
}

}  // namespace

TEST_CASE("MP table: QEMU microvm, whose entry count is zero") {
  FakeMemory memory = machine("firmware-mp/corpus/microvm-3");
  const auto table = mp::find_table(memory.reader());
  REQUIRE(table.has_value());
  CHECK(memory.views() <= 10);  // found at once
  Everything all;
  REQUIRE(mp::visit_entries(*table, all).has_value());
  REQUIRE(all.processors.size() == 3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    CHECK(all.processors[i].apic_id == i);
    CHECK(all.processors[i].is_boot == (i == 0));
  }
  REQUIRE(all.buses.size() == 1);
  CHECK(all.buses[0].type() == "ISA   ");
  REQUIRE(all.io_apics.size() == 1);
  CHECK(all.io_apics[0].id == 4);
  CHECK(all.io_apics[0].address == 0xfec00000);
  REQUIRE(all.interrupts.size() == 15);
  CHECK(all.interrupts[0].irq == 0);
  CHECK(all.interrupts[0].pin == 2);
  CHECK(all.interrupts[0].apic == 4);
  CHECK(all.interrupts[0].line == InterruptLine{});
  REQUIRE(all.local_interrupts.size() == 2);
  CHECK(all.local_interrupts[0].kind == mp::InterruptKind::external);
  CHECK(all.local_interrupts[0].lint == 0);
  CHECK(all.local_interrupts[1].kind == mp::InterruptKind::nmi);
  CHECK(all.local_interrupts[1].apic == mp::kAllApics);
  CHECK(all.local_interrupts[1].lint == 1);
}

TEST_CASE("MP table: SeaBIOS names the first core of each socket, and PCI interrupts") {
  FakeMemory memory = machine("firmware-mp/corpus/pc-2-sockets-of-3");
  const auto table = mp::find_table(memory.reader());
  REQUIRE(table.has_value());
  Everything all;
  REQUIRE(mp::visit_entries(*table, all).has_value());
  REQUIRE(all.processors.size() == 2);
  CHECK(all.processors[0].apic_id == 0);
  CHECK(all.processors[1].apic_id == 4);
  REQUIRE(all.buses.size() == 2);
  CHECK(all.buses[0].type() == "PCI   ");
  CHECK(all.interrupts[0].bus == all.buses[0].id);
  CHECK(all.interrupts[0].irq == 1 << 2);
  CHECK(all.interrupts[0].pin == 9);
}

TEST_CASE("MP table: each place where the pointer may lie, in order") {
  const Buffer table = mp_table({mp_processor(7, 3)});
  const auto finds = [&](std::uint64_t pointer, std::uint16_t segment, std::uint16_t base_kib) {
    FakeMemory memory;
    memory.put(0x40e, {static_cast<std::uint8_t>(segment), static_cast<std::uint8_t>(segment >> 8)});
    memory.put(0x413, {static_cast<std::uint8_t>(base_kib), static_cast<std::uint8_t>(base_kib >> 8)});
    memory.put(pointer, mp_pointer(0x200000));
    memory.put(0x200000, table);
    return mp::find_table(memory.reader()).has_value();
  };
  CHECK(finds(0x90000, 0x9000, 0));
  CHECK(finds(0x903f0, 0x9000, 0));
  CHECK_FALSE(finds(0x90400, 0x9000, 0));
  CHECK_FALSE(finds(0x90008, 0x9000, 0));  // not on a 16-byte boundary
  CHECK(finds(0x9fc00, 0, 0));
  CHECK(finds(0x9fff0, 0, 0));
  CHECK(finds(0x7fc00, 0, 512));
  CHECK_FALSE(finds(0x9fc00, 0, 512));
  CHECK(finds(0x9fc00, 0, 0xffff));
  CHECK(finds(0x9fc00, 0, 20));      // no machine has that little: not a count
  CHECK(finds(0xf0000, 0xffff, 0));  // an area beyond base memory is none
  CHECK(finds(0xffff0, 0, 0));
  CHECK_FALSE(finds(0xe0000, 0, 0));

  FakeMemory memory;  // a pointer with a wrong sum is passed over
  Buffer broken = mp_pointer(0x300000);
  broken[12] ^= 1;
  memory.put(0x9fc00, broken);
  memory.put(0xf0000, mp_pointer(0x200000));
  memory.put(0x200000, table);
  CHECK(mp::find_table(memory.reader()).has_value());
}

TEST_CASE("MP table: refusals are named") {
  const auto refusal = [](const Buffer& pointer, std::uint64_t address, const Buffer& table) {
    FakeMemory memory;
    memory.put(0x9fc00, pointer);
    memory.put(address, table);
    const auto found = mp::find_table(memory.reader());
    REQUIRE_FALSE(found.has_value());
    return found.error();
  };
  const Buffer good = mp_table({mp_processor(0, 3)});
  CHECK(refusal({}, 0x200000, good) == Error::not_found);
  CHECK(refusal(mp_pointer(0x200000, 5), 0x200000, good) == Error::default_configuration);
  CHECK(refusal(mp_pointer(0), 0x200000, good) == Error::unreachable);
  CHECK(refusal(mp_pointer(0x300000), 0x200000, good) == Error::unreachable);
  CHECK(refusal(mp_pointer(0xfffffff0), 0xffffffe0, good) == Error::bad_signature);
  Buffer cut = good;
  cut.pop_back();
  CHECK(refusal(mp_pointer(0x200000), 0x200000, cut) == Error::unreachable);
  Buffer flipped = good;
  flipped[50] ^= 0x40;
  CHECK(refusal(mp_pointer(0x200000), 0x200000, flipped) == Error::bad_checksum);
  Buffer unsigned_table = good;
  unsigned_table[0] = 'Q';
  CHECK(refusal(mp_pointer(0x200000), 0x200000, unsigned_table) == Error::bad_signature);
  Buffer short_table = good;
  short_table[4] = 43;
  CHECK(refusal(mp_pointer(0x200000), 0x200000, short_table) == Error::bad_length);
}

TEST_CASE("MP table: bad entries end the walk") {
  CHECK(ignore_entries(mp_table({})).has_value());
  CHECK(ignore_entries(mp_table({mp_processor(0, 3), {5, 0, 0, 0, 0, 0, 0, 0}})).error() == Error::unknown_entry);
  CHECK(ignore_entries(mp_table({{0xff}})).error() == Error::unknown_entry);
  CHECK(ignore_entries(mp_table({mp_processor(0, 3), {0, 1, 2}})).error() == Error::entry_past_end);
  CHECK(ignore_entries(Buffer(43)).error() == Error::bad_length);
  Everything all;
  const Buffer table =
      mp_table({mp_processor(0, 2), mp_processor(0xff, 1), mp_processor(9, 1), {2, 1, 0x11, 0, 0, 0, 0, 0}});
  CHECK(mp::visit_entries(bytes(table), all).has_value());
  REQUIRE(all.processors.size() == 1);  // disabled and broadcast ids are no processors
  CHECK(all.processors[0].apic_id == 9);
  CHECK(all.io_apics.empty());
}
