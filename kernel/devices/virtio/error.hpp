// What can go wrong between a virtio driver and its device.
#pragma once

#include <cstdint>
#include <string_view>

namespace toro::virtio {

enum class Error : std::uint8_t {
  // Finding and initialising a device.
  no_device,
  wrong_magic,
  legacy_transport,
  unknown_transport_version,
  wrong_device_type,
  reset_timeout,
  feature_missing,
  features_refused,
  queue_absent,
  queue_in_use,
  configuration_unstable,
  configuration_invalid,
  no_memory,
  // Asked of the driver by its caller.
  invalid_argument,
  queue_full,
  port_absent,
  port_closed,
  no_port_buffers,
  not_started,
  // Done by the device; the queue, or all of the device, is out of use from then on.
  used_index_jump,
  used_id_invalid,
  used_length_invalid,
  buffers_missing,
  queue_broken,
  device_needs_reset,
};

/// One line for people, without a final stop. Callable from any context.
[[nodiscard]] std::string_view describe(Error error);

}  // namespace toro::virtio
