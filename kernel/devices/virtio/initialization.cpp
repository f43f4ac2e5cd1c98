// Brings up a virtio device. [virtio 1.2 §3.1.1]
#include "kernel/devices/virtio/initialization.hpp"

#include <algorithm>
#include <bit>

namespace toro::virtio {

/// Of kernel/tables/virtqueues.cpp, in images that carry it.
[[gnu::weak]] void queue_is_set_up(Transport& transport, std::uint16_t index, const SplitQueue& queue);

namespace {

// Devices finish at once or within a few reads: each read is an exit to the monitor, which does the work meanwhile.
constexpr int kResetReads = 1000;

bool reset_and_wait(Transport& transport) {
  transport.reset();
  for (int i = 0; i < kResetReads; ++i) {
    if (transport.status().bits == 0) return true;
  }
  return false;
}

constexpr DeviceStatus kAcknowledged = DeviceStatus{}.with(StatusBit::acknowledge);
constexpr DeviceStatus kDriving = kAcknowledged.with(StatusBit::driver);
constexpr DeviceStatus kAgreed = kDriving.with(StatusBit::features_ok);
constexpr DeviceStatus kRunning = kAgreed.with(StatusBit::driver_ok);
constexpr DeviceStatus kRunningLegacy = kDriving.with(StatusBit::driver_ok);

}  // namespace

std::expected<Features, Error> negotiate(Transport& transport, Features wanted, Features required) {
  if (!reset_and_wait(transport)) return std::unexpected(Error::reset_timeout);
  transport.set_status(kAcknowledged);
  transport.set_status(kDriving);

  if (!transport.legacy()) required = required.with(Feature::version1);
  const Features offered = transport.device_features();
  if (!offered.contains(required)) return std::unexpected(Error::feature_missing);
  const Features agreed = offered & (wanted | required);
  transport.set_driver_features(agreed);
  if (transport.legacy()) return agreed;
  transport.set_status(kAgreed);
  if (!transport.status().has(StatusBit::features_ok)) return std::unexpected(Error::features_refused);
  return agreed;
}

std::expected<void, Error> set_up_queue(Transport& transport, std::uint16_t index, SplitQueue& queue,
                                        const QueueView& memory) {
  if (queue_is_set_up != nullptr) queue_is_set_up(transport, index, queue);
  if (const LegacyQueues* legacy = transport.legacy_queues())
    return legacy->set_up(transport, index, queue, memory.capacity);
  const std::expected<std::uint16_t, Error> limit = transport.queue_size_limit(index);
  if (!limit) return std::unexpected(limit.error());
  const std::uint16_t size = std::bit_floor(std::min(*limit, memory.capacity));
  const std::expected<QueueAddresses, Error> addresses = queue.attach(memory, size);
  if (!addresses) return std::unexpected(addresses.error());
  return transport.enable_queue(index, *addresses);
}

void set_driver_ok(Transport& transport) {
  transport.set_status(transport.legacy() ? kRunningLegacy : kRunning);
}

std::unexpected<Error> give_up(Transport& transport, Error error) {
  // Resetting first takes the queues away from the device; the bit alone need not. [virtio 1.2 §2.1.1]
  transport.reset();
  transport.set_status(DeviceStatus{}.with(StatusBit::failed));
  return std::unexpected(error);
}

void quit(Transport& transport) {
  static_cast<void>(reset_and_wait(transport));
  transport.set_status(DeviceStatus{}.with(StatusBit::failed));
}

}  // namespace toro::virtio
