// Where the configuration space of PCI Express is in memory. [PCI Firmware Specification 3.3 §4.1.2]
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/error.hpp"
#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware::mcfg {

/// Function F of device D of bus B, first_bus <= B <= last_bus, has its 4 KiB at base + (B << 20 | D << 15 | F << 12):
/// `base` belongs to bus 0, whatever first_bus is.
struct Segment {
  std::uint64_t base = 0;
  std::uint16_t number = 0;
  std::uint8_t first_bus = 0;
  std::uint8_t last_bus = 0;
};

namespace format {

struct [[gnu::packed]] Entry {
  std::uint64_t base;
  std::uint16_t segment;
  std::uint8_t first_bus, last_bus;
  std::uint32_t reserved;
};
static_assert(sizeof(Entry) == 16);

inline constexpr std::size_t kEntries = sizeof(acpi::TableHeader) + 8;

}  // namespace format

/// Calls `visit(const Segment&)` for each. One without address, without buses, or that reaches past the end of the
/// address space is passed over. After an error the entries before the bad one were visited.
template <class Visitor>
[[nodiscard]] std::expected<void, Error> visit_entries(Bytes table, Visitor&& visit) {
  if (table.size() < format::kEntries) return std::unexpected{Error::bad_length};
  Bytes rest = table.subspan(format::kEntries);
  for (; rest.size() >= sizeof(format::Entry); rest = rest.subspan(sizeof(format::Entry))) {
    const auto entry = load<format::Entry>(rest);
    const std::uint64_t end = entry.base + ((std::uint64_t{entry.last_bus} + 1) << 20);
    if (entry.base == 0 || entry.first_bus > entry.last_bus || end < entry.base) continue;
    visit(Segment{entry.base, entry.segment, entry.first_bus, entry.last_bus});
  }
  if (!rest.empty()) return std::unexpected{Error::entry_past_end};
  return {};
}

}  // namespace toro::firmware::mcfg
