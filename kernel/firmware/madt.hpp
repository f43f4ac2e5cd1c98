// The table of interrupt controllers: processors, I/O APICs and how interrupts are wired. [ACPI 6.5 §5.2.12]
#pragma once

#include <cstdint>
#include <expected>

#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/interrupt_line.hpp"
#include "kernel/firmware/records.hpp"

namespace toro::firmware::madt {

/// Entries that name a processor that can never run are passed over: those with neither flag, and with the APIC id that
/// stands for all.
struct Processor {
  std::uint32_t apic_id = 0;
  std::uint32_t uid = 0;
  bool enabled = false;  ///< else it can come online later
};
struct IoApic {
  std::uint8_t id = 0;
  std::uint32_t address = 0;
  std::uint32_t first_interrupt = 0;  ///< global number of its pin 0
};
/// An interrupt of the ISA bus that does not have the global number of its own, or not the bus's polarity and trigger.
struct InterruptOverride {
  std::uint8_t irq = 0;
  std::uint32_t interrupt = 0;  ///< global
  InterruptLine line;
};
/// A global interrupt that raises NMIs.
struct NmiInterrupt {
  std::uint32_t interrupt = 0;
  InterruptLine line;
};
/// A pin of local APICs, LINT0 or LINT1, that raises NMIs.
struct NmiPin {
  static constexpr std::uint32_t kAllProcessors = 0xffffffff;
  std::uint32_t processor_uid = kAllProcessors;
  std::uint8_t lint = 0;
  InterruptLine line;
};
/// Where the local APIC's registers are, when they are not where the table's header says.
struct LocalApicAddress {
  std::uint64_t address = 0;
};

namespace format {

struct [[gnu::packed]] Header {
  acpi::TableHeader table;
  std::uint32_t local_apic_address;
  std::uint32_t flags;
};
static_assert(sizeof(Header) == 44);

inline constexpr std::uint32_t kEnabled = 1, kOnlineCapable = 2;

struct [[gnu::packed]] LocalApic {
  static constexpr std::uint8_t kType = 0, kAll = 0xff;
  std::uint8_t type, length, uid, apic_id;
  std::uint32_t flags;
};
struct [[gnu::packed]] IoApic {
  static constexpr std::uint8_t kType = 1;
  std::uint8_t type, length, id, reserved;
  std::uint32_t address, first_interrupt;
};
struct [[gnu::packed]] InterruptOverride {
  static constexpr std::uint8_t kType = 2;
  std::uint8_t type, length, bus, irq;
  std::uint32_t interrupt;
  std::uint16_t flags;
};
struct [[gnu::packed]] NmiInterrupt {
  static constexpr std::uint8_t kType = 3;
  std::uint8_t type, length;
  std::uint16_t flags;
  std::uint32_t interrupt;
};
struct [[gnu::packed]] LocalApicNmi {
  static constexpr std::uint8_t kType = 4, kAll = 0xff;
  std::uint8_t type, length, uid;
  std::uint16_t flags;
  std::uint8_t lint;
};
struct [[gnu::packed]] LocalApicAddress {
  static constexpr std::uint8_t kType = 5;
  std::uint8_t type, length;
  std::uint16_t reserved;
  std::uint64_t address;
};
struct [[gnu::packed]] LocalX2apic {
  static constexpr std::uint8_t kType = 9;
  static constexpr std::uint32_t kAll = 0xffffffff;
  std::uint8_t type, length;
  std::uint16_t reserved;
  std::uint32_t apic_id, flags, uid;
};
struct [[gnu::packed]] LocalX2apicNmi {
  static constexpr std::uint8_t kType = 10;
  std::uint8_t type, length;
  std::uint16_t flags;
  std::uint32_t uid;
  std::uint8_t lint;
  std::uint8_t reserved[3];
};
inline constexpr std::uint8_t kLengths[]{8, 12, 10, 8, 6, 12, 0, 0, 0, 16, 12};
static_assert(sizeof(LocalApic) == kLengths[LocalApic::kType] && sizeof(IoApic) == kLengths[IoApic::kType] &&
              sizeof(InterruptOverride) == kLengths[InterruptOverride::kType] &&
              sizeof(NmiInterrupt) == kLengths[NmiInterrupt::kType] &&
              sizeof(LocalApicNmi) == kLengths[LocalApicNmi::kType] &&
              sizeof(LocalApicAddress) == kLengths[LocalApicAddress::kType] &&
              sizeof(LocalX2apic) == kLengths[LocalX2apic::kType] &&
              sizeof(LocalX2apicNmi) == kLengths[LocalX2apicNmi::kType]);

}  // namespace format

/// Calls `visit` with each entry of the table that it takes, as one of the types above, in the table's order. After an
/// error the entries before the bad one were visited.
template <class Visitor>
[[nodiscard]] std::expected<void, Error> visit_entries(Bytes table, Visitor&& visit) {
  if (table.size() < sizeof(format::Header)) return std::unexpected{Error::bad_length};
  Records records{table.subspan(sizeof(format::Header)), RecordLength::in_second_byte, format::kLengths};
  while (const auto record = records.next()) {
    switch (record->type) {
      case format::LocalApic::kType: {
        const auto entry = load<format::LocalApic>(record->bytes);
        if ((entry.flags & (format::kEnabled | format::kOnlineCapable)) == 0 || entry.apic_id == entry.kAll) break;
        offer(visit, Processor{entry.apic_id, entry.uid, (entry.flags & format::kEnabled) != 0});
        break;
      }
      case format::LocalX2apic::kType: {
        const auto entry = load<format::LocalX2apic>(record->bytes);
        if ((entry.flags & (format::kEnabled | format::kOnlineCapable)) == 0 || entry.apic_id == entry.kAll) break;
        offer(visit, Processor{entry.apic_id, entry.uid, (entry.flags & format::kEnabled) != 0});
        break;
      }
      case format::IoApic::kType: {
        const auto entry = load<format::IoApic>(record->bytes);
        offer(visit, IoApic{entry.id, entry.address, entry.first_interrupt});
        break;
      }
      case format::InterruptOverride::kType: {
        const auto entry = load<format::InterruptOverride>(record->bytes);
        offer(visit, InterruptOverride{entry.irq, entry.interrupt, interrupt_line(entry.flags)});
        break;
      }
      case format::NmiInterrupt::kType: {
        const auto entry = load<format::NmiInterrupt>(record->bytes);
        offer(visit, NmiInterrupt{entry.interrupt, interrupt_line(entry.flags)});
        break;
      }
      case format::LocalApicNmi::kType: {
        const auto entry = load<format::LocalApicNmi>(record->bytes);
        const std::uint32_t uid = entry.uid == entry.kAll ? NmiPin::kAllProcessors : entry.uid;
        offer(visit, NmiPin{uid, entry.lint, interrupt_line(entry.flags)});
        break;
      }
      case format::LocalX2apicNmi::kType: {
        const auto entry = load<format::LocalX2apicNmi>(record->bytes);
        offer(visit, NmiPin{entry.uid, entry.lint, interrupt_line(entry.flags)});
        break;
      }
      case format::LocalApicAddress::kType:
        offer(visit, LocalApicAddress{load<format::LocalApicAddress>(record->bytes).address});
        break;
    }
  }
  return records.result();
}

}  // namespace toro::firmware::madt
