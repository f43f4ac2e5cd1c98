// A virtio driver as the buses see it: what it takes, and how it starts.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// Takes devices of one type. Defined by TORO_VIRTIO_DRIVER in the driver's own file.
struct Driver {
  std::string_view name;
  DeviceType type;
  /// Whether this driver wants the device, which has not been touched yet; null takes all of its type.
  bool (*wants)(Transport& transport);
  /// Starts the device, which interrupts by global system interrupt `gsi`. `transport` lives for ever.
  std::expected<void, Error> (*start)(Transport& transport, std::uint32_t gsi);
};

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
