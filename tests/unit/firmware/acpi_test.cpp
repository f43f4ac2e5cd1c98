// From the root pointer to a table.
#include "kernel/firmware/acpi.hpp"

#include <doctest/doctest.h>

#include "tests/unit/firmware/machines.hpp"

using namespace toro::firmware;
using namespace toro::firmware::test;

namespace {

Error open_refusal(FakeMemory& memory, std::uint64_t root) {
  const auto tables = acpi::Tables::open(memory.reader(), root);
  REQUIRE_FALSE(tables.has_value());
  return tables.error();
}

}  // namespace

TEST_CASE("ACPI: the root pointer is found where the loader does not tell it") {
  FakeMemory pc = machine("firmware-acpi/corpus/pc-2-sockets-of-3");
  CHECK(acpi::find_root_pointer(pc.reader()) == 0xf5980);

  FakeMemory extended;
  extended.put(0x40e, {0x00, 0x90});
  extended.put(0x903e0, root_pointer(0x100000, 0));
  CHECK(acpi::find_root_pointer(extended.reader()) == 0x903e0);

  FakeMemory broken;  // one with a wrong sum is passed over
  Buffer wrong = root_pointer(0x100000, 0);
  wrong[10] ^= 1;
  broken.put(0xe0000, wrong);
  CHECK(acpi::find_root_pointer(broken.reader()).error() == Error::not_found);
  broken.put(0xfffc0, root_pointer(0, 0x100000));
  CHECK(acpi::find_root_pointer(broken.reader()) == 0xfffc0);
}

TEST_CASE("ACPI: a good XSDT before the RSDT, the RSDT behind a bad one") {
  FakeMemory memory;
  memory.put(0xe0000, root_pointer(0x100000, 0x110000));
  memory.put(0x100000, acpi_table("RSDT", 1, addresses({0x120000}, 4)));
  memory.put(0x120000, acpi_table("OLD ", 1, {}));
  memory.put(0x130000, acpi_table("NEW ", 1, {}));
  SUBCASE("good") {
    memory.put(0x110000, acpi_table("XSDT", 1, addresses({0x130000}, 8)));
    const auto tables = acpi::Tables::open(memory.reader(), 0xe0000);
    REQUIRE(tables.has_value());
    CHECK(tables->find("NEW ").has_value());
    CHECK(tables->find("OLD ").error() == Error::not_found);
  }
  SUBCASE("bad") {
    Buffer table = acpi_table("XSDT", 1, addresses({0x130000}, 8));
    table[20] ^= 1;
    memory.put(0x110000, table);
    const auto tables = acpi::Tables::open(memory.reader(), 0xe0000);
    REQUIRE(tables.has_value());
    CHECK(tables->find("OLD ").has_value());
  }
}

TEST_CASE("ACPI: refusals of the root are named") {
  FakeMemory memory;
  CHECK(open_refusal(memory, 0) == Error::unreachable);
  CHECK(open_refusal(memory, 0x7000000000) == Error::unreachable);
  CHECK(open_refusal(memory, ~0ULL) == Error::unreachable);
  CHECK(open_refusal(memory, 0xe0000) == Error::bad_signature);
  memory.put(0xe0000, root_pointer(0x100000, 0));
  CHECK(open_refusal(memory, 0xe0000) == Error::unreachable);  // the RSDT
  memory.put(0x100000, acpi_table("DSDT", 1, {}));
  CHECK(open_refusal(memory, 0xe0000) == Error::bad_signature);

  FakeMemory longer;
  Buffer root = root_pointer(0x100000, 0x100000);
  root[20] = 35;
  longer.put(0xe0000, root);
  CHECK(open_refusal(longer, 0xe0000) == Error::bad_length);
  FakeMemory sum;
  root = root_pointer(0x100000, 0x100000);
  root[33] = 1;
  sum.put(0xe0000, root);
  CHECK(open_refusal(sum, 0xe0000) == Error::bad_checksum);
}

TEST_CASE("ACPI: of several tables the first good one, else why the first was refused") {
  Buffer broken = acpi_table("APIC", 1, Buffer(8));
  broken[40] = 1;
  const Buffer good = acpi_table("APIC", 2, Buffer(8));
  FakeMemory both = acpi_machine({broken, good});
  const auto table = acpi::Tables::open(both.reader(), 0xe0000)->find("APIC");
  REQUIRE(table.has_value());
  CHECK(load<acpi::TableHeader>(*table).revision == 2);

  const auto refusal = [](std::vector<Buffer> tables) {
    FakeMemory memory = acpi_machine(tables);
    return acpi::Tables::open(memory.reader(), 0xe0000)->find("APIC").error();
  };
  CHECK(refusal({broken}) == Error::bad_checksum);
  CHECK(refusal({{}, broken}) == Error::bad_checksum);
  CHECK(refusal({{}, acpi_table("FACP", 1, {})}) == Error::unreachable);
  CHECK(refusal({acpi_table("FACP", 1, {})}) == Error::not_found);
  CHECK(refusal({}) == Error::not_found);
  Buffer tiny = good;
  tiny[4] = 35;
  CHECK(refusal({tiny}) == Error::bad_length);
  Buffer huge = good;
  huge[7] = 1;
  CHECK(refusal({huge}) == Error::bad_length);
  Buffer cut = good;
  cut.pop_back();
  CHECK(refusal({cut}) == Error::unreachable);
}

TEST_CASE("ACPI: a list that names itself, and a list that ends within an address") {
  FakeMemory memory;
  memory.put(0xe0000, root_pointer(0, 0x100000));
  Buffer list = addresses({0x100000, 0x100000}, 8);
  list.resize(13);
  memory.put(0x100000, acpi_table("XSDT", 1, list));
  const auto tables = acpi::Tables::open(memory.reader(), 0xe0000);
  REQUIRE(tables.has_value());
  CHECK(tables->find("APIC").error() == Error::not_found);
  CHECK(tables->find("XSDT").has_value());
}

TEST_CASE("firmware: every refusal has its own words") {
  std::vector<std::string_view> words;
  for (unsigned i = 0; i <= static_cast<unsigned>(Error::calling_core_missing); ++i)
    words.push_back(describe(static_cast<Error>(i)));
  std::ranges::sort(words);
  CHECK(std::ranges::adjacent_find(words) == words.end());
}
