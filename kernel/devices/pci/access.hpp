// The two ways to configuration space: memory where ACPI says so, two ports on any PC.
#pragma once

#include <cstdint>

#include "kernel/devices/pci/configuration.hpp"
#include "kernel/firmware/mcfg.hpp"

namespace toro::pci {

/// Configuration space in memory (ECAM), which is mapped. [PCI Express 4.0 §7.2.2]
class MemoryConfiguration final : public Configuration {
 public:
  explicit MemoryConfiguration(const firmware::mcfg::Segment& segment) : segment_(segment) {}

  [[nodiscard]] std::uint32_t read(Address address, unsigned offset) override;
  void write(Address address, unsigned offset, std::uint32_t value) override;

 private:
  [[nodiscard]] bool covers(Address address) const {
    return address.bus >= segment_.first_bus && address.bus <= segment_.last_bus;
  }
  [[nodiscard]] volatile std::uint32_t* at(Address address, unsigned offset) const;

  firmware::mcfg::Segment segment_;
};

/// Configuration space behind two ports. [PCI 3.0 §3.2.2.3.2]
class PortConfiguration final : public Configuration {
 public:
  [[nodiscard]] std::uint32_t read(Address address, unsigned offset) override;
  void write(Address address, unsigned offset, std::uint32_t value) override;
};

}  // namespace toro::pci
