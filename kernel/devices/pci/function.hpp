// One PCI function: its registers, base addresses and capabilities, believed in nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "kernel/devices/pci/configuration.hpp"

namespace toro::pci {

/// [PCI 3.0 table 6-1]
inline constexpr std::uint16_t kCommandIo = 1U << 0, kCommandMemory = 1U << 1, kCommandBusMaster = 1U << 2,
                               kCommandNoInterruptPin = 1U << 10;

/// [PCI 3.0 appendix H]
enum class CapabilityId : std::uint8_t { msi = 0x05, vendor_specific = 0x09, msi_x = 0x11 };

/// Registers that a base address register describes. How many they are is not asked: the function would have to be
/// deaf meanwhile, which costs a hypervisor milliseconds, and who lies about an address lies about a size too.
struct Bar {
  enum class Space : std::uint8_t { memory, io };
  Space space = Space::memory;
  std::uint64_t address = 0;  ///< 0: the firmware gave none

  /// Bytes that they are at most, since the address is a multiple of their size.
  [[nodiscard]] std::uint64_t limit() const { return address & -address; }
};
inline constexpr unsigned kBars = 6;
/// The second register of a 64-bit address is a Bar of address 0.
using Bars = std::array<Bar, kBars>;

class Function {
 public:
  constexpr Function(Configuration& configuration, Address address)
      : configuration_(&configuration), address_(address) {}

  [[nodiscard]] Address address() const { return address_; }

  /// Offsets below kConfigurationSize, multiples of the width.
  [[nodiscard]] std::uint32_t read32(unsigned offset) const { return configuration_->read(address_, offset); }
  [[nodiscard]] std::uint16_t read16(unsigned offset) const {
    return static_cast<std::uint16_t>(read32(offset & ~3U) >> 8 * (offset & 2));
  }
  [[nodiscard]] std::uint8_t read8(unsigned offset) const {
    return static_cast<std::uint8_t>(read32(offset & ~3U) >> 8 * (offset & 3));
  }
  void write32(unsigned offset, std::uint32_t value) const { configuration_->write(address_, offset, value); }

  [[nodiscard]] std::uint16_t read16(Register r) const { return read16(static_cast<unsigned>(r)); }
  [[nodiscard]] std::uint8_t read8(Register r) const { return read8(static_cast<unsigned>(r)); }

  /// Sets the command register; the status register beside it keeps its bits, which are cleared by writing ones.
  void set_command(std::uint16_t command) const { write32(static_cast<unsigned>(Register::command), command); }

  /// All base addresses of a function that is no bridge.
  [[nodiscard]] Bars read_bars() const;

  /// Calls `visit(offset)` for each capability with this id whose first `length` bytes lie within configuration space.
  /// A list that loops ends.
  template <class Visitor>
  void visit_capabilities(CapabilityId id, unsigned length, Visitor&& visit) const {
    constexpr std::uint16_t kStatusCapabilities = 1U << 4;
    constexpr unsigned kFirst = 0x40;
    if ((read16(Register::status) & kStatusCapabilities) == 0) return;
    unsigned offset = read8(Register::capabilities);
    for (unsigned left = (kConfigurationSize - kFirst) / 4; left > 0; --left) {
      offset &= ~3U;  // reserved bits
      if (offset < kFirst) return;
      const std::uint16_t header = read16(offset);
      if ((header & 0xff) == static_cast<std::uint8_t>(id) && offset + length <= kConfigurationSize) visit(offset);
      offset = header >> 8;
    }
  }

  /// Offset of the first such capability.
  [[nodiscard]] std::optional<unsigned> find_capability(CapabilityId id, unsigned length) const {
    std::optional<unsigned> first;
    visit_capabilities(id, length, [&](unsigned offset) {
      if (!first) first = offset;
    });
    return first;
  }

 private:
  Configuration* configuration_;
  Address address_;
};

}  // namespace toro::pci
