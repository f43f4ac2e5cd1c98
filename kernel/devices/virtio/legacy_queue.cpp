// Queues of legacy devices.
#include "kernel/devices/virtio/legacy_queue.hpp"

#include <algorithm>
#include <bit>

namespace toro::virtio {

std::expected<void, Error> set_up_legacy_queue(Transport& transport, std::uint16_t index, SplitQueue& queue,
                                               std::uint16_t capacity) {
  const LegacyQueues& queues = *transport.legacy_queues();
  const std::expected<std::uint16_t, Error> limit = transport.queue_size_limit(index);
  if (!limit) return std::unexpected(limit.error());
  const bool is_fixed = queues.size == LegacyQueues::Size::fixed;
  const std::uint16_t size = is_fixed ? *limit : std::bit_floor(std::min(*limit, capacity));
  if (!std::has_single_bit(size)) return std::unexpected(Error::configuration_invalid);

  const LegacyLayout layout(size);
  auto* const memory = static_cast<std::byte*>(queues.allocate(layout.end / kLegacyPage));
  if (memory == nullptr) return std::unexpected(Error::no_memory);
  auto* const used = reinterpret_cast<UsedHeader*>(memory + layout.used);
  const QueueView view{.capacity = size,
                       .descriptors = reinterpret_cast<Descriptor*>(memory),
                       .available = reinterpret_cast<std::uint16_t*>(memory + layout.available),
                       .used = used,
                       .used_ring = reinterpret_cast<UsedElement*>(used + 1),
                       .state = reinterpret_cast<DescriptorState*>(memory + layout.state)};
  const std::expected<QueueAddresses, Error> addresses = queue.attach(view, size);
  if (!addresses) return std::unexpected(addresses.error());
  return transport.enable_queue(index, *addresses);
}

}  // namespace toro::virtio
