// A PCI driver as the bus sees it: what it takes, and how it starts.
#pragma once

#include <expected>
#include <string_view>

#include "kernel/devices/pci/error.hpp"
#include "kernel/devices/pci/function.hpp"

namespace toro::pci {

/// Takes functions. Defined by TORO_PCI_DRIVER in the driver's own file.
struct Driver {
  std::string_view name;
  /// Whether this driver takes the function; reads, and changes nothing.
  bool (*wants)(const Function& function);
  /// Starts the function, whose configuration space stays reachable for ever.
  std::expected<void, Error> (*start)(const Function& function);
};

/// Says on the console why `driver` leaves the function alone. Returns Error::driver_failed, of which the bus says no
/// more.
[[nodiscard]] std::unexpected<Error> refuse(const Function& function, std::string_view driver, std::string_view why);

}  // namespace toro::pci

/// TORO_PCI_DRIVER(virtio_driver, {...}): defines and registers a driver. A board that uses it says
/// TORO_USE_PCI_DRIVER, so that the image has it and no other.
#define TORO_PCI_DRIVER(variable, ...)                                                                             \
  extern constinit const ::toro::pci::Driver variable;                                                             \
  constinit const ::toro::pci::Driver variable __VA_ARGS__;                                                        \
  [[gnu::used, gnu::section(".toro_pci_drivers")]] static const ::toro::pci::Driver* const variable##_registered = \
      &variable

#define TORO_USE_PCI_DRIVER(variable) \
  namespace toro::pci {               \
  extern const Driver variable;       \
  }                                   \
  [[gnu::used]] static const ::toro::pci::Driver* const variable##_used = &::toro::pci::variable
