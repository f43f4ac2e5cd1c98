// The PCI functions of a machine.
#include "kernel/devices/pci/bus.hpp"

#include "kernel/devices/console.hpp"
#include "kernel/devices/pci/access.hpp"
#include "kernel/devices/pci/driver.hpp"
#include "kernel/devices/pci/enumeration.hpp"
#include "kernel/devices/registers.hpp"

extern "C" const toro::pci::Driver* const toro_pci_drivers_start[];
extern "C" const toro::pci::Driver* const toro_pci_drivers_end[];

namespace toro::pci {
namespace {

constinit PortConfiguration by_ports{};
constinit std::optional<MemoryConfiguration> in_memory{};

/// The way there is, and the last bus that it reaches.
struct Way {
  Configuration& configuration;
  std::uint8_t last_bus;
};

Way find_way(const std::optional<firmware::mcfg::Segment>& segment) {
  constexpr std::uint64_t kBytesOfBus = std::uint64_t{1} << 20;
  if (segment && segment->first_bus == 0) {
    const std::uint64_t length = (std::uint64_t{segment->last_bus} + 1) * kBytesOfBus;
    if (devices::map_registers(segment->base, length)) return {in_memory.emplace(*segment), segment->last_bus};
  }
  return {by_ports, 0xff};
}

const Driver* find_driver(const Function& function) {
  for (const auto* driver = toro_pci_drivers_start; driver != toro_pci_drivers_end; ++driver)
    if ((*driver)->wants(function)) return *driver;
  return nullptr;
}

void start(const Function& function) {
  const Driver* driver = find_driver(function);
  if (driver == nullptr) return;
  const auto started = driver->start(function);
  if (!started && started.error() != Error::driver_failed)
    static_cast<void>(refuse(function, driver->name, describe(started.error())));
}

}  // namespace

std::unexpected<Error> refuse(const Function& function, std::string_view driver, std::string_view why) {
  const Address at = function.address();
  print(console::sink(), "toro: {} at PCI {}:{}.{}: {}\n", driver, at.bus, at.device, at.function, why);
  return std::unexpected{Error::driver_failed};
}

void start_devices(const std::optional<firmware::mcfg::Segment>& segment) {
  const Way way = find_way(segment);
  visit_functions(way.configuration, way.last_bus, start);
}

}  // namespace toro::pci
