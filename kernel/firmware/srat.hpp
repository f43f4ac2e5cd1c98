// The table of affinity: which processors and which memory are near each other. [ACPI 6.5 §5.2.16]
#pragma once

#include <cstdint>
#include <expected>

#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/records.hpp"

namespace toro::firmware::srat {

/// `node` is the table's proximity domain: any number, equal for what is near each other. Entries that the table marks
/// as not to be used are passed over.
struct ProcessorAffinity {
  std::uint32_t apic_id = 0;
  std::uint32_t node = 0;
};
/// Bytes [base, base + length) of physical memory; the end does not wrap, else the entry is passed over.
struct MemoryAffinity {
  std::uint64_t base = 0;
  std::uint64_t length = 0;
  std::uint32_t node = 0;
  bool hot_pluggable = false;
};

namespace format {

struct [[gnu::packed]] Header {
  acpi::TableHeader table;
  std::uint32_t reserved[3];
};
static_assert(sizeof(Header) == 48);

inline constexpr std::uint32_t kEnabled = 1, kHotPluggable = 2;

struct [[gnu::packed]] LocalApic {
  static constexpr std::uint8_t kType = 0;
  std::uint8_t type, length, node_low, apic_id;
  std::uint32_t flags;
  std::uint8_t sapic_eid;
  std::uint8_t node_high[3];  // from revision 2 of the table on
  std::uint32_t clock_domain;
};
struct [[gnu::packed]] Memory {
  static constexpr std::uint8_t kType = 1;
  std::uint8_t type, length;
  std::uint32_t node;  // its low byte before revision 2
  std::uint16_t reserved0;
  std::uint64_t base, bytes;
  std::uint32_t reserved1, flags;
  std::uint64_t reserved2;
};
struct [[gnu::packed]] LocalX2apic {
  static constexpr std::uint8_t kType = 2;
  std::uint8_t type, length;
  std::uint16_t reserved0;
  std::uint32_t node, apic_id, flags, clock_domain, reserved1;
};
inline constexpr std::uint8_t kLengths[]{16, 40, 24};
static_assert(sizeof(LocalApic) == kLengths[LocalApic::kType] && sizeof(Memory) == kLengths[Memory::kType] &&
              sizeof(LocalX2apic) == kLengths[LocalX2apic::kType] && offsetof(Memory, flags) == 28);

}  // namespace format

/// Calls `visit` with each entry of the table that it takes, as one of the types above, in the table's order. After an
/// error the entries before the bad one were visited.
template <class Visitor>
[[nodiscard]] std::expected<void, Error> visit_entries(Bytes table, Visitor&& visit) {
  if (table.size() < sizeof(format::Header)) return std::unexpected{Error::bad_length};
  const std::uint32_t node_mask = load<acpi::TableHeader>(table).revision < 2 ? 0xff : 0xffffffff;
  Records records{table.subspan(sizeof(format::Header)), RecordLength::in_second_byte, format::kLengths};
  while (const auto record = records.next()) {
    switch (record->type) {
      case format::LocalApic::kType: {
        const auto entry = load<format::LocalApic>(record->bytes);
        if ((entry.flags & format::kEnabled) == 0) break;
        const std::uint32_t node = entry.node_low | std::uint32_t{entry.node_high[0]} << 8 |
                                   std::uint32_t{entry.node_high[1]} << 16 | std::uint32_t{entry.node_high[2]} << 24;
        offer(visit, ProcessorAffinity{entry.apic_id, node & node_mask});
        break;
      }
      case format::LocalX2apic::kType: {
        const auto entry = load<format::LocalX2apic>(record->bytes);
        if ((entry.flags & format::kEnabled) != 0) offer(visit, ProcessorAffinity{entry.apic_id, entry.node});
        break;
      }
      case format::Memory::kType: {
        const auto entry = load<format::Memory>(record->bytes);
        if ((entry.flags & format::kEnabled) == 0 || entry.base + entry.bytes < entry.base) break;
        offer(visit, MemoryAffinity{entry.base, entry.bytes, entry.node & node_mask,
                                    (entry.flags & format::kHotPluggable) != 0});
        break;
      }
    }
  }
  return records.result();
}

}  // namespace toro::firmware::srat
