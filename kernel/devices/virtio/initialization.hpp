// The order in which a driver brings up its device. [virtio 1.2 §3.1.1]
#pragma once

#include <concepts>
#include <cstdint>
#include <expected>

#include "kernel/devices/virtio/error.hpp"
#include "kernel/devices/virtio/split_queue.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// Steps 1 to 6: reset, acknowledge, take features. Of those offered the driver takes the ones in `wanted`, and those
/// in `required`, without which it gives up; Feature::version1 is always required but of a legacy device, which has no
/// word to say on what was taken. Returns what was agreed.
/// Error::reset_timeout, Error::feature_missing, Error::features_refused.
[[nodiscard]] std::expected<Features, Error> negotiate(Transport& transport, Features wanted, Features required);

/// Step 7, once for each queue: attaches `queue` to `memory`, in the largest size that memory and device both take.
/// A legacy device gets memory of its own, in one piece; its queue may then be larger than `memory` is.
/// Error::queue_absent, Error::queue_in_use, Error::no_memory.
[[nodiscard]] std::expected<void, Error> set_up_queue(Transport& transport, std::uint16_t index, SplitQueue& queue,
                                                      const QueueView& memory);

/// Step 8: from here on the device may use the queues, and the driver may notify.
void set_driver_ok(Transport& transport);

/// Tells the device that the driver gave up, so that it leaves memory alone; returns `error` for the caller to return.
[[nodiscard]] std::unexpected<Error> give_up(Transport& transport, Error error);

/// Takes a device that has run out of use: it leaves memory alone when this returns. Waits as initialize() does.
void quit(Transport& transport);

/// All the steps. `set_up(features)` reads the configuration and sets up the queues; if it fails, or a step before it,
/// the device is told and nothing of it remains in use. Waits at most for the device's own reset, a bounded number of
/// status reads. From thread context or at boot.
template <std::invocable<Features> SetUp>
[[nodiscard]] std::expected<Features, Error> initialize(Transport& transport, Features wanted, Features required,
                                                        SetUp&& set_up) {
  const std::expected<Features, Error> features = negotiate(transport, wanted, required);
  if (!features) return give_up(transport, features.error());
  if (const std::expected<void, Error> done = set_up(*features); !done) return give_up(transport, done.error());
  set_driver_ok(transport);
  return *features;
}

}  // namespace toro::virtio
