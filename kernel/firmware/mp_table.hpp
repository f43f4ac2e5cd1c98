// The MP table: processors and interrupt wiring of machines without ACPI. [Intel MultiProcessor Specification 1.4 §4]
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "kernel/firmware/error.hpp"
#include "kernel/firmware/interrupt_line.hpp"
#include "kernel/firmware/physical_memory.hpp"
#include "kernel/firmware/records.hpp"

namespace toro::firmware::mp {

/// One that can be used: disabled ones are passed over.
struct Processor {
  std::uint32_t apic_id = 0;
  bool is_boot = false;
};
/// The name is padded with blanks: "ISA   ", "PCI   ".
struct Bus {
  std::uint8_t id = 0;
  char name[6]{};

  [[nodiscard]] std::string_view type() const { return {name, sizeof name}; }
};
/// One that can be used.
struct IoApic {
  std::uint8_t id = 0;
  std::uint32_t address = 0;
};
enum class InterruptKind : std::uint8_t { vectored = 0, nmi = 1, smi = 2, external = 3 };
inline constexpr std::uint8_t kAllApics = 0xff;
/// `irq` of bus `bus` arrives at pin `pin` of the I/O APIC `apic`, or of all. On a PCI bus irq is the device number
/// shifted left by two, plus 0 for INTA# to 3 for INTD#. [MP 1.4 appendix D]
struct InterruptAssignment {
  InterruptKind kind = InterruptKind::vectored;
  InterruptLine line;
  std::uint8_t bus = 0;
  std::uint8_t irq = 0;
  std::uint8_t apic = 0;
  std::uint8_t pin = 0;
};
/// The same for pin LINT0 or LINT1 of the local APIC `apic`, or of all.
struct LocalInterruptAssignment {
  InterruptKind kind = InterruptKind::vectored;
  InterruptLine line;
  std::uint8_t bus = 0;
  std::uint8_t irq = 0;
  std::uint8_t apic = 0;
  std::uint8_t lint = 0;
};

namespace format {

struct [[gnu::packed]] Header {
  char signature[4];
  std::uint16_t length;  // bytes, header and entries
  std::uint8_t revision;
  std::uint8_t checksum;
  char oem_id[8];
  char product_id[12];
  std::uint32_t oem_table;
  std::uint16_t oem_table_length;
  std::uint16_t entries;  // QEMU's qboot leaves it zero, so that only the length counts
  std::uint32_t local_apic_address;
  std::uint16_t extended_length;
  std::uint8_t extended_checksum;
  std::uint8_t reserved;
};
static_assert(sizeof(Header) == 44 && offsetof(Header, entries) == 34);

struct [[gnu::packed]] Processor {
  static constexpr std::uint8_t kType = 0, kEnabled = 1, kBoot = 2, kAll = 0xff;
  std::uint8_t type, apic_id, apic_version, flags;
  std::uint32_t signature, features, reserved[2];
};
struct [[gnu::packed]] Bus {
  static constexpr std::uint8_t kType = 1;
  std::uint8_t type, id;
  char name[6];
};
struct [[gnu::packed]] IoApic {
  static constexpr std::uint8_t kType = 2, kEnabled = 1;
  std::uint8_t type, id, version, flags;
  std::uint32_t address;
};
struct [[gnu::packed]] Interrupt {
  static constexpr std::uint8_t kType = 3, kLocalType = 4;
  std::uint8_t type, kind;
  std::uint16_t flags;
  std::uint8_t bus, irq, apic, pin;
};
inline constexpr std::uint8_t kLengths[]{20, 8, 8, 8, 8};
static_assert(sizeof(Processor) == kLengths[Processor::kType] && sizeof(Bus) == kLengths[Bus::kType] &&
              sizeof(IoApic) == kLengths[IoApic::kType] && sizeof(Interrupt) == kLengths[Interrupt::kType] &&
              sizeof(Interrupt) == kLengths[Interrupt::kLocalType]);

template <class Assignment>
Assignment assignment(Bytes record) {
  const auto entry = load<Interrupt>(record);
  return {
      static_cast<InterruptKind>(entry.kind), interrupt_line(entry.flags), entry.bus, entry.irq, entry.apic, entry.pin};
}

}  // namespace format

/// The configuration table: searched in the extended BIOS data area, the end of base memory and the BIOS, its pointer's
/// and its own checksum right. Found at once on QEMU's microvm; where there is none, 4,224 reads of 4 bytes.
[[nodiscard]] std::expected<Bytes, Error> find_table(const PhysicalMemory& memory);

/// Calls `visit` with each entry of the table that it takes, as one of the types above, in the table's order. After an
/// error the entries before the bad one were visited.
template <class Visitor>
[[nodiscard]] std::expected<void, Error> visit_entries(Bytes table, Visitor&& visit) {
  if (table.size() < sizeof(format::Header)) return std::unexpected{Error::bad_length};
  Records records{table.subspan(sizeof(format::Header)), RecordLength::by_type, format::kLengths};
  while (const auto record = records.next()) {
    switch (record->type) {
      case format::Processor::kType: {
        const auto entry = load<format::Processor>(record->bytes);
        if ((entry.flags & entry.kEnabled) == 0 || entry.apic_id == entry.kAll) break;
        offer(visit, Processor{entry.apic_id, (entry.flags & entry.kBoot) != 0});
        break;
      }
      case format::Bus::kType: {
        const auto entry = load<format::Bus>(record->bytes);
        Bus bus{.id = entry.id};
        __builtin_memcpy(bus.name, entry.name, sizeof bus.name);
        offer(visit, bus);
        break;
      }
      case format::IoApic::kType: {
        const auto entry = load<format::IoApic>(record->bytes);
        if ((entry.flags & entry.kEnabled) != 0) offer(visit, IoApic{entry.id, entry.address});
        break;
      }
      case format::Interrupt::kType:
        offer(visit, format::assignment<InterruptAssignment>(record->bytes));
        break;
      case format::Interrupt::kLocalType:
        offer(visit, format::assignment<LocalInterruptAssignment>(record->bytes));
        break;
    }
  }
  return records.result();
}

}  // namespace toro::firmware::mp
