// Configuration space: which function, which register, and the way there. [PCI 3.0 §6.1]
#pragma once

#include <cstdint>

namespace toro::pci {

/// Where a function is.
struct Address {
  std::uint8_t bus = 0;
  std::uint8_t device = 0;    ///< below 32
  std::uint8_t function = 0;  ///< below 8

  constexpr bool operator==(const Address&) const = default;
};

/// Byte offsets of the registers, each in its doubleword. [PCI 3.0 figures 6-1 and G-1]
enum class Register : std::uint8_t {
  vendor = 0x00,
  device = 0x02,
  command = 0x04,
  status = 0x06,
  class_code = 0x08,
  header_type = 0x0e,
  first_bar = 0x10,
  secondary_bus = 0x19,    // of a bridge
  subordinate_bus = 0x1a,  // of a bridge
  subsystem_vendor = 0x2c,
  subsystem = 0x2e,
  capabilities = 0x34,
  interrupt_line = 0x3c,
  interrupt_pin = 0x3d,
};

/// A function's first 256 bytes, which every way reaches.
inline constexpr unsigned kConfigurationSize = 256;
/// What is read where no function is.
inline constexpr std::uint16_t kNoVendor = 0xffff;

/// A way to configuration space. Each call costs one or two exits to the machine monitor. One caller at a time.
class Configuration {
 public:
  /// `offset` is a multiple of 4 below kConfigurationSize. Where no function is, all ones are read and writes are lost.
  [[nodiscard]] virtual std::uint32_t read(Address address, unsigned offset) = 0;
  virtual void write(Address address, unsigned offset, std::uint32_t value) = 0;

 protected:
  constexpr Configuration() = default;
  constexpr Configuration(const Configuration&) = default;
  constexpr Configuration& operator=(const Configuration&) = default;
  ~Configuration() = default;
};

}  // namespace toro::pci
