// Which processors there are, and by which table.
#include "kernel/firmware/processors.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/firmware/machines.hpp"

using namespace toro::firmware;
using namespace toro::firmware::test;

namespace {

std::vector<std::uint32_t> ids(const Discovery& discovery) {
  std::vector<std::uint32_t> list;
  for (const Processor& processor : discovery.processors()) list.push_back(processor.apic_id);
  return list;
}

using Ids = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("processors: microvm without ACPI, by the MP table") {
  FakeMemory one = machine("firmware-mp/corpus/microvm-1");
  Discovery found = discover_processors(one.reader(), 0, 0);
  CHECK(found.source == ProcessorSource::mp_table);
  CHECK(ids(found) == Ids{0});
  CHECK(found.madt_refusal == Error::not_found);
  CHECK_FALSE(found.mp_table_refusal.has_value());
  CHECK(one.views() <= 10);  // no search for a root pointer that the loader says is not there

  FakeMemory three = machine("firmware-mp/corpus/microvm-3");
  found = discover_processors(three.reader(), std::nullopt, 1);
  CHECK(found.source == ProcessorSource::mp_table);
  CHECK(ids(found) == Ids{1, 0, 2});  // the calling core first
  for (const Processor& processor : found.processors()) CHECK(processor.enabled);
}

TEST_CASE("processors: sparse ids, by the MADT") {
  FakeMemory memory = machine("firmware-acpi/corpus/pc-2-sockets-of-3");
  for (const auto root : {std::optional<std::uint64_t>{0xf5980}, std::optional<std::uint64_t>{}}) {
    const Discovery found = discover_processors(memory.reader(), root, 0);
    CHECK(found.source == ProcessorSource::madt);
    CHECK(ids(found) == Ids{0, 1, 2, 4, 5, 6});
    CHECK_FALSE(found.madt_refusal.has_value());
    CHECK(found.srat_refusal == Error::not_found);
  }
}

TEST_CASE("processors: nodes by the SRAT") {
  FakeMemory memory = machine("firmware-acpi/corpus/q35-2-nodes");
  const Discovery found = discover_processors(memory.reader(), 0xf5990, 2);
  CHECK(ids(found) == Ids{2, 0, 1, 3});
  CHECK_FALSE(found.srat_refusal.has_value());
  CHECK(found.processors()[0].node == 1);
  CHECK(found.processors()[1].node == 0);
  CHECK(found.processors()[3].node == 1);

  Buffer srat = acpi_table("SRAT", 1, joined({Buffer(12), {0, 16, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {1, 0}}));
  FakeMemory broken = acpi_machine({madt_table({local_apic(0, 1)}), srat});
  const Discovery kept = discover_processors(broken.reader(), 0xe0000, 0);
  CHECK(kept.source == ProcessorSource::madt);
  CHECK(kept.srat_refusal == Error::entry_too_short);
  CHECK(kept.processors()[0].node == 0);
}

TEST_CASE("processors: named twice, not enabled, wide ids") {
  FakeMemory memory = acpi_machine({madt_table({local_apic(0, 1), local_apic(1, 2), local_apic(2, 0),
                                                local_x2apic(1, 1), local_x2apic(0x1234, 2), local_x2apic(0, 1)})});
  const Discovery found = discover_processors(memory.reader(), 0xe0000, 0);
  CHECK(ids(found) == Ids{0, 1, 0x1234});
  CHECK(found.processors()[1].enabled);
  CHECK_FALSE(found.processors()[2].enabled);
  CHECK(found.omitted == 0);
}

TEST_CASE("processors: more than are kept are counted, and the calling core is kept") {
  std::vector<Buffer> entries;
  for (std::uint32_t id = 0; id < 100; ++id) entries.push_back(local_x2apic(2 * id, 1));
  FakeMemory memory = acpi_machine({madt_table(entries)});
  const Discovery found = discover_processors(memory.reader(), 0xe0000, 198);
  CHECK(found.source == ProcessorSource::madt);
  CHECK(found.processors().size() == kMaxProcessors);
  CHECK(found.processors()[0].apic_id == 198);
  CHECK(found.processors()[63].apic_id == 124);
  CHECK(found.omitted == 36);
}

TEST_CASE("processors: a refused MADT gives way to the MP table, and that to the calling core") {
  const Buffer mp = mp_table({mp_processor(0, 3), mp_processor(1, 1)});
  const auto discover = [&](const Buffer& table, const Buffer& mp, std::uint32_t calling) {
    FakeMemory memory = acpi_machine({table});
    memory.put(0xf0000, mp_pointer(0x180000));
    memory.put(0x180000, mp);
    return discover_processors(memory.reader(), 0xe0000, calling);
  };
  Discovery found = discover(madt_table({local_apic(0, 1), local_apic(7, 1), {0, 0}}), mp, 0);
  CHECK(found.source == ProcessorSource::mp_table);
  CHECK(found.madt_refusal == Error::entry_too_short);
  CHECK(ids(found) == Ids{0, 1});

  found = discover(madt_table({local_apic(5, 1)}), mp, 0);
  CHECK(found.madt_refusal == Error::calling_core_missing);
  CHECK(ids(found) == Ids{0, 1});

  found = discover({}, mp, 1);
  CHECK(found.madt_refusal == Error::unreachable);
  CHECK(ids(found) == Ids{1, 0});

  found = discover(madt_table({local_apic(5, 1)}), mp, 9);
  CHECK(found.source == ProcessorSource::calling_core);
  CHECK(found.mp_table_refusal == Error::calling_core_missing);
  CHECK(ids(found) == Ids{9});
  CHECK(found.processors()[0].enabled);
  CHECK(found.omitted == 0);
}

TEST_CASE("processors: a machine that tells nothing") {
  FakeMemory memory;
  const Discovery found = discover_processors(memory.reader(), std::nullopt, 3);
  CHECK(found.source == ProcessorSource::calling_core);
  CHECK(ids(found) == Ids{3});
  CHECK(found.madt_refusal == Error::not_found);
  CHECK(found.mp_table_refusal == Error::not_found);
  const PhysicalMemory nothing{nullptr, [](void*, std::uint64_t, std::size_t) { return Bytes{}; }};
  CHECK(ids(discover_processors(nothing, std::nullopt, 3)) == Ids{3});
}
