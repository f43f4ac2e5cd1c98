// How an interrupt line signals. Both MP table and MADT have it in the same bits. [MP 1.4 table 4-10] [ACPI 6.5
// table 5.26]
#pragma once

#include <cstdint>

namespace toro::firmware {

/// Value 2 is reserved, and occurs where a table is wrong.
enum class Polarity : std::uint8_t { of_bus = 0, high = 1, low = 3 };
enum class Trigger : std::uint8_t { of_bus = 0, edge = 1, level = 3 };

struct InterruptLine {
  Polarity polarity = Polarity::of_bus;
  Trigger trigger = Trigger::of_bus;

  constexpr bool operator==(const InterruptLine&) const = default;
};

[[nodiscard]] constexpr InterruptLine interrupt_line(std::uint16_t flags) {
  return {static_cast<Polarity>(flags & 3), static_cast<Trigger>(flags >> 2 & 3)};
}

}  // namespace toro::firmware
