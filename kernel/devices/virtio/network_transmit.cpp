// A virtio network device: what it sends. [virtio 1.2 §5.1.6]
#include "kernel/devices/virtio/network.hpp"

#include <algorithm>

namespace toro::virtio {

using network::Segmentation;
using network::Transmit;

namespace {

static_assert(network::kHeadroom >= sizeof(NetworkHeader));

NetworkHeader header_of(const Transmit& frame) {
  NetworkHeader header;
  if (!frame.has_partial_checksum) return header;
  header.flags = kHeaderNeedsChecksum;
  header.checksum_start = frame.partial.start;
  header.checksum_offset = frame.partial.offset;
  if (frame.segmentation == Segmentation::none) return header;
  header.segmentation = frame.segmentation == Segmentation::tcp_v4 ? kSegmentationTcp4 : kSegmentationTcp6;
  header.segment_size = frame.segment_size;
  header.header_length = frame.header_length;
  return header;
}

bool submit_parts(EventQueue& queue, std::span<const std::byte> head, std::span<const std::span<const std::byte>> rest,
                  std::uint64_t cookie) {
  if (rest.empty()) return queue.submit_readable(head, cookie).has_value();
  std::array<std::span<const std::byte>, Transmit::kMostParts + 1> segments;
  segments[0] = head;
  std::ranges::copy(rest, segments.begin() + 1);
  return queue.submit(std::span(segments).first(1 + rest.size()), {}, cookie).has_value();
}

}  // namespace

bool NetworkQueuePair::is_possible(const Transmit& frame) const {
  if (frame.parts.empty() || frame.parts.size() > Transmit::kMostParts) return false;
  if (frame.has_partial_checksum && !device_->active_.transmit_checksum) return false;
  if (frame.segmentation == Segmentation::none) return true;
  if (!frame.has_partial_checksum || frame.segment_size == 0) return false;
  return frame.segmentation == Segmentation::tcp_v4 ? device_->active_.segmentation_v4
                                                    : device_->active_.segmentation_v6;
}

network::Driver::Result NetworkQueuePair::transmit(const Transmit& frame) {
  if (!works() || !is_possible(frame)) return Result::refused;
  const std::size_t descriptors = frame.parts.size() + (frame.headroom < sizeof(NetworkHeader) ? 1 : 0);
  if (descriptors > transmit_.size()) return Result::refused;
  if (free_slot_count_ == 0 || transmit_.free_descriptors() < descriptors) {
    reclaim();
    if (!works()) return Result::refused;
    if (free_slot_count_ == 0 || transmit_.free_descriptors() < descriptors) return Result::full;
  }
  return submit(frame) ? Result::taken : Result::refused;
}

/// There is room.
bool NetworkQueuePair::submit(const Transmit& frame) {
  const std::uint8_t slot = free_slots_[free_slot_count_ - 1U];
  std::span<const std::byte> head;
  std::span<const std::span<const std::byte>> rest = frame.parts;
  if (frame.headroom >= sizeof(NetworkHeader)) {
    const auto first = frame.parts.front();
    auto* const header = const_cast<std::byte*>(first.data()) - sizeof(NetworkHeader);
    *reinterpret_cast<NetworkHeader*>(header) = header_of(frame);
    head = {header, first.size() + sizeof(NetworkHeader)};
    rest = rest.subspan(1);
  } else {
    headers_[slot] = header_of(frame);
    head = std::as_bytes(std::span(&headers_[slot], 1));
  }
  if (!submit_parts(transmit_, head, rest, slot)) return false;
  completions_[slot] = frame.completion;
  --free_slot_count_;
  return true;
}

void NetworkQueuePair::kick() {
  if (works() && transmit_.publish()) device_->transport_->notify(transmit_queue(number_));
}

void NetworkQueuePair::reclaim() {
  if (!works()) return;
  for (std::uint16_t i = 0; i < transmit_.size(); ++i) {
    const auto completion = transmit_.poll();
    if (!completion) return fail(completion.error());
    if (!*completion) return;
    const auto slot = static_cast<std::uint8_t>((*completion)->cookie);
    free_slots_[free_slot_count_++] = slot;
    if (network::Completion* const told = completions_[slot]) told->done(*told);
  }
}

}  // namespace toro::virtio
