// Where the interrupts of ISA and PCI arrive: which I/O APICs there are, and what the MADT says differs from the buses'
// own ways. [ACPI 6.5 §5.2.12.5]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "kernel/firmware/error.hpp"
#include "kernel/firmware/interrupt_line.hpp"
#include "kernel/firmware/madt.hpp"
#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware {

/// A pin of an I/O APIC by its global number, and how its line signals: `line` names no bus's way.
struct GlobalInterrupt {
  std::uint32_t number = 0;
  InterruptLine line;

  constexpr bool operator==(const GlobalInterrupt&) const = default;
};

class InterruptRouting {
 public:
  static constexpr std::size_t kMostIoApics = 8;
  static constexpr std::uint8_t kIsaInterrupts = 16;

  /// `table` is what Tables::find("APIC") gave.
  [[nodiscard]] static std::expected<InterruptRouting, Error> read(Bytes table);

  /// In the table's order; none where the machine has the two 8259s only. Those beyond kMostIoApics are left out.
  [[nodiscard]] std::span<const madt::IoApic> io_apics() const { return std::span{io_apics_}.first(count_); }

  /// Interrupt `irq` of the ISA bus: edge-triggered and active high, but where the table says otherwise.
  [[nodiscard]] GlobalInterrupt of_isa(std::uint8_t irq) const;

  /// Of a PCI function, by its interrupt line register: an interrupt of the ISA bus below kIsaInterrupts, a global one
  /// else. Level-triggered and active low, but where the table says otherwise. [PCI 3.0 §6.2.4]
  [[nodiscard]] GlobalInterrupt of_pci(std::uint8_t line) const;

 private:
  std::array<madt::IoApic, kMostIoApics> io_apics_{};
  std::size_t count_ = 0;
  std::array<std::optional<GlobalInterrupt>, kIsaInterrupts> overrides_{};  // what names no way means the bus's
};

}  // namespace toro::firmware
