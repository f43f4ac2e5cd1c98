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

/// The same for all frames of a connection, so that they keep their order: its addresses and ports are there.
std::size_t flow_of(const Transmit& frame) {
  constexpr std::size_t kBegin = 26, kEnd = 38;  // of IPv4
  std::size_t sum = 0;
  const auto first = frame.parts.front();
  for (std::size_t i = kBegin; i < std::min(kEnd, first.size()); ++i) sum += std::to_integer<std::size_t>(first[i]);
  return sum;
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

bool Network::is_possible(const Transmit& frame) const {
  if (frame.parts.empty() || frame.parts.size() > Transmit::kMostParts) return false;
  if (frame.has_partial_checksum && !active_.transmit_checksum) return false;
  if (frame.segmentation == Segmentation::none) return true;
  if (!frame.has_partial_checksum || frame.segment_size == 0) return false;
  return frame.segmentation == Segmentation::tcp_v4 ? active_.segmentation_v4 : active_.segmentation_v6;
}

Network::Result Network::transmit(const Transmit& frame) {
  if (!works() || !is_possible(frame)) return Result::refused;
  NetworkQueuePair& pair = pairs_[used_pairs_ == 1 ? 0 : flow_of(frame) % used_pairs_];
  const std::size_t descriptors = frame.parts.size() + (frame.headroom < sizeof(NetworkHeader) ? 1 : 0);
  if (descriptors > pair.transmit_.size()) return Result::refused;
  if (pair.free_slot_count_ == 0 || pair.transmit_.free_descriptors() < descriptors) {
    reclaim(pair);
    if (failure_) return Result::refused;
    if (pair.free_slot_count_ == 0 || pair.transmit_.free_descriptors() < descriptors) return Result::full;
  }
  return submit(pair, frame) ? Result::taken : Result::refused;
}

/// There is room.
bool Network::submit(NetworkQueuePair& pair, const Transmit& frame) {
  const std::uint8_t slot = pair.free_slots_[pair.free_slot_count_ - 1U];
  std::span<const std::byte> head;
  std::span<const std::span<const std::byte>> rest = frame.parts;
  if (frame.headroom >= sizeof(NetworkHeader)) {
    const auto first = frame.parts.front();
    auto* const header = const_cast<std::byte*>(first.data()) - sizeof(NetworkHeader);
    *reinterpret_cast<NetworkHeader*>(header) = header_of(frame);
    head = {header, first.size() + sizeof(NetworkHeader)};
    rest = rest.subspan(1);
  } else {
    pair.headers_[slot] = header_of(frame);
    head = std::as_bytes(std::span(&pair.headers_[slot], 1));
  }
  if (!submit_parts(pair.transmit_, head, rest, slot)) return false;
  pair.completions_[slot] = frame.completion;
  --pair.free_slot_count_;
  return true;
}

void Network::kick() {
  if (!works()) return;
  for (std::size_t i = 0; i < used_pairs_; ++i)
    if (pairs_[i].transmit_.publish()) transport_->notify(transmit_queue(i));
}

void Network::reclaim() {
  if (!works()) return;
  for (NetworkQueuePair& pair : pairs_.first(used_pairs_)) reclaim(pair);
}

void Network::reclaim(NetworkQueuePair& pair) {
  for (std::uint16_t i = 0; i < pair.transmit_.size(); ++i) {
    const auto completion = pair.transmit_.poll();
    if (!completion) return fail(completion.error());
    if (!*completion) return;
    const auto slot = static_cast<std::uint8_t>((*completion)->cookie);
    pair.free_slots_[pair.free_slot_count_++] = slot;
    if (network::Completion* const told = pair.completions_[slot]) told->done(*told);
  }
}

}  // namespace toro::virtio
