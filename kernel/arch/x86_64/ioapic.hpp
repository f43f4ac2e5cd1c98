// An I/O APIC: which pin raises which vector on which core. [82093AA]
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/firmware/interrupt_line.hpp"

namespace toro::arch {

/// A vector of a core, as I/O APICs and messages name it.
struct InterruptTarget {
  std::uint8_t vector = 0;
  std::uint8_t apic_id = 0;
};

/// What an interrupt is where it arrives; an NMI's vector means nothing.
enum class Delivery : std::uint8_t { vector, nmi };

/// Selects a register and then uses it: one caller at a time.
class IoApic {
 public:
  /// The registers of the first one, where nothing says otherwise.
  static constexpr std::uintptr_t kUsualBase = 0xfec00000;
  /// Bytes of registers; to be mapped uncacheable.
  static constexpr std::size_t kLength = 0x20;
  /// The largest APIC id that a pin can be routed to.
  static constexpr std::uint32_t kHighestDestination = 0xfe;

  explicit constexpr IoApic(std::uintptr_t base) : base_(base) {}

  /// Pins that it has, 1 to 256.
  [[nodiscard]] unsigned pins() const;

  /// Lets pin `pin` raise `target`. What `line` does not say is edge and high; an NMI is by an edge always.
  void route(unsigned pin, InterruptTarget target, firmware::InterruptLine line,
             Delivery delivery = Delivery::vector) const;
  void mask(unsigned pin) const;

  /// The vector that a pin has.
  [[nodiscard]] std::uint8_t vector(unsigned pin) const;

  /// While one lives, who was interrupted between selecting a register and using it is none the wiser.
  class Borrowed {
   public:
    explicit Borrowed(const IoApic& io_apic);
    ~Borrowed();
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;

   private:
    const IoApic& io_apic_;
    std::uint32_t selected_;
  };

 private:
  [[nodiscard]] std::uint32_t read(std::uint32_t which) const;
  void write(std::uint32_t which, std::uint32_t value) const;
  [[nodiscard]] volatile std::uint32_t& word(std::uintptr_t offset) const {
    return *reinterpret_cast<volatile std::uint32_t*>(base_ + offset);
  }

  std::uintptr_t base_;
};

}  // namespace toro::arch
