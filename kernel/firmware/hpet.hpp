// Where the high precision event timer is. [IA-PC HPET Specification 1.0a §3.2.4]
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/error.hpp"
#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware::hpet {

struct Hpet {
  acpi::GenericAddress registers;  ///< in memory, 1 KiB
  std::uint8_t number = 0;
  std::uint16_t minimum_tick = 0;  ///< of a periodic timer, in ticks of the main counter
};

namespace format {

struct [[gnu::packed]] Table {
  acpi::TableHeader header;
  std::uint32_t block_id;
  acpi::format::GenericAddress registers;
  std::uint8_t number;
  std::uint16_t minimum_tick;
  std::uint8_t page_protection;
};
static_assert(sizeof(Table) == 56 && offsetof(Table, registers) == 40);

}  // namespace format

/// `table` is what Tables::find("HPET") gave; not_found where it names no registers in memory.
[[nodiscard]] inline std::expected<Hpet, Error> read(Bytes bytes) {
  if (bytes.size() < sizeof(format::Table)) return std::unexpected{Error::bad_length};
  const auto table = load<format::Table>(bytes);
  if (table.registers.space != acpi::AddressSpace::memory || table.registers.address == 0)
    return std::unexpected{Error::not_found};
  return Hpet{table.registers.value(), table.number, table.minimum_tick};
}

}  // namespace toro::firmware::hpet
