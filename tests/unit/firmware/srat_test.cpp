// The entries of the SRAT.
#include "kernel/firmware/srat.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/firmware/machines.hpp"

using namespace toro::firmware;
using namespace toro::firmware::test;

namespace {

struct Everything {
  std::vector<srat::ProcessorAffinity> processors;
  std::vector<srat::MemoryAffinity> memory;

  void operator()(const srat::ProcessorAffinity& entry) { processors.push_back(entry); }
  void operator()(const srat::MemoryAffinity& entry) { memory.push_back(entry); }
};

Buffer processor(std::uint8_t apic_id, std::uint32_t node, std::uint32_t flags) {
  Buffer entry{0, 16, static_cast<std::uint8_t>(node), apic_id};
  append(entry, flags, 4);
  entry.push_back(0);
  append(entry, node >> 8, 3);
  append(entry, 0, 4);
  return entry;
}

Buffer x2apic(std::uint32_t apic_id, std::uint32_t node, std::uint32_t flags) {
  Buffer entry{2, 24, 0, 0};
  append(entry, node, 4);
  append(entry, apic_id, 4);
  append(entry, flags, 4);
  append(entry, 0, 8);
  return entry;
}

Buffer memory_range(std::uint64_t base, std::uint64_t length, std::uint32_t node, std::uint32_t flags) {
  Buffer entry{1, 40};
  append(entry, node, 4);
  append(entry, 0, 2);
  append(entry, base, 8);
  append(entry, length, 8);
  append(entry, 0, 4);
  append(entry, flags, 4);
  append(entry, 0, 8);
  return entry;
}

Buffer srat_table(std::uint8_t revision, const std::vector<Buffer>& entries) {
  Buffer body(12);
  const Buffer rest = joined(entries);
  body.insert(body.end(), rest.begin(), rest.end());
  return acpi_table("SRAT", revision, body);
}

}  // namespace

TEST_CASE("SRAT: q35 with two nodes") {
  FakeMemory memory = machine("firmware-acpi/corpus/q35-2-nodes");
  const auto tables = acpi::Tables::open(memory.reader(), 0xf5990);
  REQUIRE(tables.has_value());
  const auto table = tables->find("SRAT");
  REQUIRE(table.has_value());
  Everything all;
  REQUIRE(srat::visit_entries(*table, all).has_value());
  REQUIRE(all.processors.size() == 4);
  for (std::uint32_t i = 0; i < 4; ++i) {
    CHECK(all.processors[i].apic_id == i);
    CHECK(all.processors[i].node == i / 2);
  }
  std::uint64_t of_node[2]{};
  for (const srat::MemoryAffinity& range : all.memory) of_node[range.node] += range.length;
  CHECK(of_node[0] == (32U << 20) - (0x100000 - 0xa0000));
  CHECK(of_node[1] == 32U << 20);
}

TEST_CASE("SRAT: the upper bytes of a node count from revision 2 on") {
  const std::vector<Buffer> entries{processor(1, 0x01020304, 1), x2apic(0x10000, 0x01020304, 1),
                                    memory_range(0x1000, 0x2000, 0x01020304, 3)};
  Everything first;
  REQUIRE(srat::visit_entries(bytes(srat_table(1, entries)), first).has_value());
  CHECK(first.processors[0].node == 4);
  CHECK(first.memory[0].node == 4);
  Everything second;
  REQUIRE(srat::visit_entries(bytes(srat_table(2, entries)), second).has_value());
  CHECK(second.processors[0].node == 0x01020304);
  CHECK(second.processors[1].apic_id == 0x10000);
  CHECK(second.processors[1].node == 0x01020304);
  CHECK(second.memory[0].node == 0x01020304);
  CHECK(second.memory[0].base == 0x1000);
  CHECK(second.memory[0].length == 0x2000);
  CHECK(second.memory[0].hot_pluggable);
}

TEST_CASE("SRAT: what is not enabled or wraps is passed over, bad entries end the walk") {
  Everything all;
  const Buffer table = srat_table(
      2, {processor(1, 1, 0), x2apic(2, 1, 0), memory_range(0, 0x1000, 0, 0), memory_range(~0ULL, 2, 0, 1), {0x7f, 2}});
  REQUIRE(srat::visit_entries(bytes(table), all).has_value());
  CHECK(all.processors.empty());
  CHECK(all.memory.empty());
  CHECK(srat::visit_entries(bytes(srat_table(2, {{1, 39}})), all).error() == Error::entry_too_short);
  CHECK(srat::visit_entries(bytes(srat_table(2, {{1, 40}})), all).error() == Error::entry_past_end);
  CHECK(srat::visit_entries(bytes(Buffer(47)), all).error() == Error::bad_length);
}
