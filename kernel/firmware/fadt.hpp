// The fixed hardware of ACPI: timer, reset, power off, and what a PC of old has. [ACPI 6.5 §5.2.9]
#pragma once

#include <cstdint>
#include <expected>

#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/error.hpp"
#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware::fadt {

/// Of boot_architecture. [ACPI 6.5 table 5.11]
inline constexpr std::uint16_t kLegacyDevices = 1U << 0, kKeyboardController = 1U << 1, kNoVga = 1U << 2,
                               kNoMsi = 1U << 3, kNoRtc = 1U << 5;

/// What tells of the power button and its kind. Its first half is status, which is cleared by writing ones, and its
/// second half what of that interrupts. [ACPI 6.5 §4.8.3.1]
struct EventBlock {
  acpi::GenericAddress status;
  acpi::GenericAddress enable;
};

/// A register whose address is 0 is not there.
struct Fadt {
  std::uint64_t dsdt = 0;               ///< physical address; 0: none
  std::uint16_t sci_interrupt = 0;      ///< global, or of the ISA bus where there are PICs
  std::uint16_t boot_architecture = 0;  ///< before revision 3 of the table: what every PC had
  std::uint32_t flags = 0;              ///< [ACPI 6.5 table 5.10]
  bool hardware_reduced = false;        ///< there are no PM1 registers, but sleep_control
  std::uint32_t smi_command = 0;  ///< port: acpi_enable written there hands these registers over; 0: they are ours
  std::uint8_t acpi_enable = 0;
  EventBlock pm1a_events;           ///< words
  EventBlock pm1b_events;           ///< words
  acpi::GenericAddress pm_timer;    ///< counts at 3.579545 MHz
  std::uint8_t pm_timer_bits = 24;  ///< or 32
  acpi::GenericAddress reset;       ///< writing reset_value, one byte, resets the machine
  std::uint8_t reset_value = 0;
  acpi::GenericAddress pm1a_control;   ///< a word: to sleep, SleepType::a << 10 | 1 << 13
  acpi::GenericAddress pm1b_control;   ///< a word: to sleep, SleepType::b << 10 | 1 << 13
  acpi::GenericAddress sleep_control;  ///< a byte: to sleep, SleepType::a << 2 | 1 << 5
};

/// `table` is what Tables::find("FACP") gave.
[[nodiscard]] std::expected<Fadt, Error> read(Bytes table);

/// What to write to sleep: three bits for each register. [ACPI 6.5 §7.4.2]
struct SleepType {
  std::uint8_t a = 0;
  std::uint8_t b = 0;
};

/// The package \_S5 (soft off) of a DSDT, as read_table gave it. Looks for the bytes of its definition instead of
/// running the DSDT's program: a machine that computes it is not understood. Reads each byte a bounded number of times.
[[nodiscard]] std::expected<SleepType, Error> find_soft_off(Bytes dsdt);

}  // namespace toro::firmware::fadt
