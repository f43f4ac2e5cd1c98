// A virtio driver as the buses see it: what it takes, and how it starts.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// A device's way to interrupt a core, as its bus made it.
struct Interrupt {
  bool (*attach)(std::uintptr_t which, arch::InterruptHandler handler, void* argument) = nullptr;
  std::uintptr_t which = 0;
  bool (*send)(std::uintptr_t which, arch::Delivery delivery, std::uint32_t apic_id) = nullptr;
  bool (*attach_pair)(std::uintptr_t which, std::uint16_t first, arch::InterruptHandler handler,
                      void* argument) = nullptr;

  /// Has the device interrupt the calling core from now on, and calls `handler(argument, frame)` there, which asks the
  /// transport for the cause. Once, from a thread or at boot. False where its interrupts cannot come to this core:
  /// never on the one that started the device.
  bool connect(arch::InterruptHandler handler, void* argument) const { return attach(which, handler, argument); }

  /// After connect(), has the device interrupt the core with this APIC id: as an NMI, or as it did. False where that
  /// cannot be. What it has signalled already may be lost. Any context, one caller at a time.
  [[nodiscard]] bool redirect(arch::Delivery delivery, std::uint32_t apic_id) const {
    return send != nullptr && send(which, delivery, apic_id);
  }

  /// The same for queue `first` and the next one alone, of which nothing is told connect()'s handler any more, and
  /// whose handler needs no cause. False where queues have no interrupts of their own.
  bool connect_pair(std::uint16_t first, arch::InterruptHandler handler, void* argument) const {
    return attach_pair != nullptr && attach_pair(which, first, handler, argument);
  }
};

/// Takes devices of one type. Defined by TORO_VIRTIO_DRIVER in the driver's own file.
struct Driver {
  std::string_view name;
  DeviceType type;
  /// Whether this driver wants the device, which has not been touched yet; null takes all of its type.
  bool (*wants)(Transport& transport);
  /// Starts the device. `transport` lives for ever.
  std::expected<void, Error> (*start)(Transport& transport, Interrupt interrupt);
};

}  // namespace toro::virtio

extern "C" const toro::virtio::Driver* const toro_virtio_drivers_start[];
extern "C" const toro::virtio::Driver* const toro_virtio_drivers_end[];

namespace toro::virtio {

/// The driver of the image that wants the device, or null. For buses.
[[nodiscard]] inline const Driver* find_driver(Transport& transport) {
  for (const auto* driver = toro_virtio_drivers_start; driver != toro_virtio_drivers_end; ++driver)
    if ((*driver)->type == transport.type() && ((*driver)->wants == nullptr || (*driver)->wants(transport)))
      return *driver;
  return nullptr;
}

}  // namespace toro::virtio

/// TORO_VIRTIO_DRIVER(console_driver, {...}): defines and registers a driver. A board that uses it says
/// TORO_USE_DRIVER, so that the image has it and no other.
#define TORO_VIRTIO_DRIVER(variable, ...)                                                                     \
  extern constinit const ::toro::virtio::Driver variable;                                                     \
  constinit const ::toro::virtio::Driver variable __VA_ARGS__;                                                \
  [[gnu::used,                                                                                                \
    gnu::section(".toro_virtio_drivers")]] static const ::toro::virtio::Driver* const variable##_registered = \
      &variable

#define TORO_USE_DRIVER(variable) \
  namespace toro::virtio {        \
  extern const Driver variable;   \
  }                               \
  [[gnu::used]] static const ::toro::virtio::Driver* const variable##_used = &::toro::virtio::variable
