// What network drivers on PCI share: how a device is added, and interrupts its core by its pin.
#pragma once

#include <cstdint>
#include <expected>

#include "kernel/devices/network/device.hpp"
#include "kernel/devices/pci/driver.hpp"
#include "kernel/devices/pci/interrupt_pin.hpp"
#include "kernel/include/toro/heap.hpp"

namespace toro::network {

/// Prepares `started.driver` and adds it; it interrupts by the pin of `started.function`, which may do also what
/// `command` allows from then on. `started`, of the heap, is freed where that fails.
template <class Started>
std::expected<void, pci::Error> add_pci_device(Started& started, std::string_view name, std::uint16_t command) {
  const pci::Function function = started.function;
  const auto connect = [](void* argument, Device& device) -> std::string_view {
    const auto on_pin = [](void* listening, arch::TrapFrame&) {
      return static_cast<Device*>(listening)->on_interrupt();
    };
    const auto connected = pci::connect_pin(static_cast<Started*>(argument)->function, on_pin, &device);
    return connected ? "" : pci::describe(connected.error());
  };
  if (!started.driver.prepare()) {
    const auto refused = pci::refuse(function, name, started.driver.failure());
    heap::free(&started);
    return refused;
  }
  function.set_command(function.read16(pci::Register::command) | command);
  if (!add_device(started.driver, {connect, &started})) return std::unexpected{pci::Error::no_memory};
  return {};
}

}  // namespace toro::network
