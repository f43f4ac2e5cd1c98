// A split queue with indirect descriptors and event index.
#include "kernel/devices/virtio/event_queue.hpp"

#include <atomic>
#include <utility>

#include "kernel/devices/virtio/ring_access.hpp"

namespace toro::virtio {
namespace {

/// Whether index `event` is among those that were passed on the way from `before` to `now`. [virtio 1.2 §2.7.10.1]
bool passed(std::uint16_t event, std::uint16_t before, std::uint16_t now) {
  return static_cast<std::uint16_t>(now - event - 1) < static_cast<std::uint16_t>(now - before);
}

}  // namespace

void EventQueue::use(Features agreed, std::span<Descriptor> tables, std::uint16_t longest) {
  has_event_index_ = agreed.has(Feature::event_index);
  longest_ = agreed.has(Feature::indirect_descriptors) ? longest : std::uint16_t{0};
  tables_ = tables;
  if (size_ != 0) memory_.available[kAvailableRing + size_] = 0;
}

std::expected<void, Error> EventQueue::submit(std::span<const std::span<const std::byte>> readable,
                                              std::span<const std::span<std::byte>> writable, std::uint64_t cookie) {
  const std::size_t count = readable.size() + writable.size();
  const std::size_t table_begin = std::size_t{free_head_} * longest_;
  if (count < 2 || count > longest_ || table_begin + longest_ > tables_.size() || free_count_ == 0 || broken_)
    return SplitQueue::submit(readable, writable, cookie);
  std::uint32_t total = 0;
  if (!add_chain_lengths(readable, total)) return std::unexpected(Error::invalid_argument);
  const std::uint32_t readable_length = total;
  if (!add_chain_lengths(writable, total)) return std::unexpected(Error::invalid_argument);

  Descriptor* const table = &tables_[table_begin];
  std::uint16_t index = 0;
  const auto add = [&](const void* data, std::size_t length, std::uint16_t flags) {
    const auto next = static_cast<std::uint16_t>(index + 1);
    if (next < count) flags |= std::to_underlying(DescriptorFlag::next);
    table[index] = {
        .address = device_address(data), .length = static_cast<std::uint32_t>(length), .flags = flags, .next = next};
    index = next;
  };
  for (const auto& segment : readable) add(segment.data(), segment.size(), 0);
  for (const auto& segment : writable)
    add(segment.data(), segment.size(), std::to_underlying(DescriptorFlag::device_writes));

  const std::uint16_t head = free_head_;
  free_head_ = add_segment(head, table, count * sizeof(Descriptor), std::to_underlying(DescriptorFlag::indirect));
  --free_count_;
  offer(head, {.cookie = cookie, .writable_length = total - readable_length, .length = 1});
  return {};
}

bool EventQueue::publish() {
  const std::uint16_t before = published_;
  const bool asked_by_flags = SplitQueue::publish();
  if (!has_event_index_) return asked_by_flags;
  if (published_ == before) return false;
  // The device's wish lies behind its ring. The barrier before this load is SplitQueue's.
  auto& event = *reinterpret_cast<std::uint16_t*>(memory_.used_ring + size_);
  return passed(load_once(event, std::memory_order_relaxed), before, published_);
}

void EventQueue::ignore() {
  listens_.store(0, std::memory_order_relaxed);
  if (!has_event_index_ || size_ == 0)
    static_cast<void>(set_interrupts(Interrupts::suppressed));
  else
    store_once(memory_.available[kAvailableRing + size_], static_cast<std::uint16_t>(used_ - 1),
               std::memory_order_relaxed);
}

bool EventQueue::listen() {
  listens_.store(kListens | used_, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);  // whom the device interrupts for it sees that
  if (!has_event_index_ || size_ == 0 || broken_) return set_interrupts(Interrupts::enabled);
  store_once(memory_.available[kAvailableRing + size_], used_, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return load_once(memory_.used->index, std::memory_order_relaxed) != used_;
}

bool EventQueue::is_due() const {
  const std::uint32_t listens = listens_.load(std::memory_order_relaxed);
  return listens != 0 && device_used_index() != static_cast<std::uint16_t>(listens);
}

}  // namespace toro::virtio
