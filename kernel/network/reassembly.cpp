// Puts the fragments of IPv4 packets together.
#include "kernel/network/reassembly.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "kernel/include/toro/heap.hpp"

namespace toro::inet {

Reassembly::Reassembly(Environment& environment, TimerQueue& timers) : environment_(environment), timers_(timers) {
  for (Partial& partial : partials_) partial.owner = this;
}

Reassembly::~Reassembly() {
  for (Partial& partial : partials_) forget(partial);
  heap::free(last_);
}

std::size_t Reassembly::size() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(partials_, [](const Partial& partial) { return partial.memory != nullptr; }));
}

Reassembly::Partial* Reassembly::find(const Ipv4Header& header) {
  for (Partial& partial : partials_)
    if (partial.memory != nullptr && partial.header.source == header.source &&
        partial.header.destination == header.destination && partial.header.protocol == header.protocol &&
        partial.header.identification == header.identification)
      return &partial;
  return nullptr;
}

/// A free one, or the one that began first.
Reassembly::Partial& Reassembly::take(const Ipv4Header& header) {
  Partial* oldest = &partials_[0];
  for (Partial& partial : partials_) {
    if (partial.memory == nullptr) {
      oldest = &partial;
      break;
    }
    if (partial.began < oldest->began) oldest = &partial;
  }
  forget(*oldest);
  oldest->header = header;
  oldest->began = environment_.now();
  timers_.arm(oldest->timer, oldest->began + kLifetime);
  return *oldest;
}

void Reassembly::forget(Partial& partial) {
  partial.owner->timers_.cancel(partial.timer);
  heap::free(std::exchange(partial.memory, nullptr));
  partial.capacity = 0;
  partial.range_count = 0;
  partial.size = 0;
}

bool Reassembly::reserve(Partial& partial, std::size_t size) {
  if (size <= partial.capacity) return true;
  const std::size_t capacity = std::bit_ceil(size);
  auto* const memory = static_cast<std::byte*>(heap::allocate(capacity));
  if (memory == nullptr) return false;
  std::copy_n(partial.memory, partial.capacity, memory);
  heap::free(std::exchange(partial.memory, memory));
  partial.capacity = capacity;
  return true;
}

bool Reassembly::has(const Partial& partial, Range range) {
  return std::any_of(partial.ranges.begin(), partial.ranges.begin() + static_cast<std::ptrdiff_t>(partial.range_count),
                     [&](const Range& there) { return there.begin <= range.begin && range.end <= there.end; });
}

/// Ranges are kept in order, and joined where they meet. False where they overlap, or are too many.
bool Reassembly::add(Partial& partial, Range range) {
  auto& ranges = partial.ranges;
  std::size_t at = 0;
  while (at < partial.range_count && ranges[at].end <= range.begin) ++at;
  if (at < partial.range_count && ranges[at].begin < range.end) return false;
  const bool joins_next = at < partial.range_count && ranges[at].begin == range.end;
  const bool joins_previous = at > 0 && ranges[at - 1].end == range.begin;
  if (joins_previous && joins_next) {
    ranges[at - 1].end = ranges[at].end;
    std::move(ranges.begin() + static_cast<std::ptrdiff_t>(at) + 1,
              ranges.begin() + static_cast<std::ptrdiff_t>(partial.range_count),
              ranges.begin() + static_cast<std::ptrdiff_t>(at));
    --partial.range_count;
  } else if (joins_previous) {
    ranges[at - 1].end = range.end;
  } else if (joins_next) {
    ranges[at].begin = range.begin;
  } else {
    if (partial.range_count == kMostRanges) return false;
    std::move_backward(ranges.begin() + static_cast<std::ptrdiff_t>(at),
                       ranges.begin() + static_cast<std::ptrdiff_t>(partial.range_count),
                       ranges.begin() + static_cast<std::ptrdiff_t>(partial.range_count) + 1);
    ranges[at] = range;
    ++partial.range_count;
  }
  return true;
}

Parsed<Bytes> Reassembly::input(const Ipv4Packet& packet) {
  const std::size_t begin = packet.fragment_offset();
  const std::size_t end = begin + packet.payload.size();
  Partial* partial = find(*packet.header);
  const auto refuse = [&] {
    if (partial != nullptr) forget(*partial);
    return std::unexpected(Drop::fragment);
  };
  if (packet.payload.empty() || end > kMostPayload) return refuse();
  if (packet.has_more_fragments() && packet.payload.size() % 8 != 0) return refuse();
  if (partial == nullptr) partial = &take(*packet.header);
  const bool is_last = !packet.has_more_fragments();
  if (is_last && partial->size != 0 && partial->size != end) return refuse();
  if (partial->size != 0 && end > partial->size) return refuse();
  if (is_last && partial->range_count != 0 && partial->ranges[partial->range_count - 1].end > end) return refuse();
  const Range range{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  if (has(*partial, range)) return Bytes{};
  if (!reserve(*partial, end) || !add(*partial, range)) return refuse();
  std::ranges::copy(packet.payload, partial->memory + begin);
  if (is_last) partial->size = end;
  if (partial->size == 0 || partial->range_count != 1 || partial->ranges[0].begin != 0 ||
      partial->ranges[0].end != partial->size)
    return Bytes{};
  const std::size_t size = partial->size;
  heap::free(std::exchange(last_, std::exchange(partial->memory, nullptr)));
  forget(*partial);
  return Bytes{last_, size};
}

}  // namespace toro::inet
