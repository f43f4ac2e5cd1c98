// The split virtqueue. [virtio 1.2 §2.7]
#include "kernel/devices/virtio/split_queue.hpp"

#include <atomic>
#include <utility>

#include "kernel/devices/virtio/ring_access.hpp"

namespace toro::virtio {

std::expected<QueueAddresses, Error> SplitQueue::attach(const QueueView& memory, std::uint16_t size,
                                                        AddressTranslation translation) {
  if (!std::has_single_bit(size) || size > memory.capacity) return std::unexpected(Error::invalid_argument);
  memory_ = memory;
  translation_ = translation;
  size_ = size;
  free_count_ = size;
  free_head_ = 0;
  available_ = published_ = used_ = reclaimed_ = notified_ = 0;
  broken_.reset();

  for (std::uint16_t i = 0; i < size; ++i) {
    memory_.descriptors[i] = {};
    memory_.state[i] = {.next = static_cast<std::uint16_t>(i + 1)};
    memory_.used_ring[i] = {};
    memory_.available[kAvailableRing + i] = 0;
  }
  memory_.available[kAvailableFlags] = 0;
  memory_.available[kAvailableIndex] = 0;
  *memory_.used = {};
  std::atomic_thread_fence(std::memory_order_release);  // before the device is told where the ring is

  return QueueAddresses{.descriptors = device_address(memory_.descriptors),
                        .available = device_address(memory_.available),
                        .used = device_address(memory_.used),
                        .size = size};
}

std::expected<void, Error> SplitQueue::submit(std::span<const std::span<const std::byte>> readable,
                                              std::span<const std::span<std::byte>> writable, std::uint64_t cookie) {
  if (broken_) return std::unexpected(Error::queue_broken);
  std::uint32_t total = 0;
  if (!add_chain_lengths(readable, total)) return std::unexpected(Error::invalid_argument);
  const std::uint32_t readable_length = total;
  if (!add_chain_lengths(writable, total) || total == 0) return std::unexpected(Error::invalid_argument);
  const std::size_t count = readable.size() + writable.size();
  if (count > free_count_) return std::unexpected(Error::queue_full);

  const std::uint16_t head = free_head_;
  std::size_t left = count;
  auto chain_flags = [&left](bool device_writes) {
    --left;
    const auto next = left > 0 ? std::to_underlying(DescriptorFlag::next) : 0;
    const auto write = device_writes ? std::to_underlying(DescriptorFlag::device_writes) : 0;
    return static_cast<std::uint16_t>(next | write);
  };
  std::uint16_t index = head;
  for (const auto& segment : readable) index = add_segment(index, segment.data(), segment.size(), chain_flags(false));
  for (const auto& segment : writable) index = add_segment(index, segment.data(), segment.size(), chain_flags(true));
  free_head_ = index;
  free_count_ = static_cast<std::uint16_t>(free_count_ - count);

  offer(head, {.cookie = cookie, .writable_length = total - readable_length, .length = count});
  return {};
}

std::expected<void, Error> SplitQueue::submit_readable(std::span<const std::byte> data, std::uint64_t cookie) {
  return submit_one(data, 0, cookie);
}

std::expected<void, Error> SplitQueue::submit_writable(std::span<std::byte> data, std::uint64_t cookie) {
  return submit_one(data, std::to_underlying(DescriptorFlag::device_writes), cookie);
}

// As submit(), for the chain of which a receiving driver submits hundreds at boot.
std::expected<void, Error> SplitQueue::submit_one(std::span<const std::byte> data, std::uint16_t flags,
                                                  std::uint64_t cookie) {
  if (broken_) return std::unexpected(Error::queue_broken);
  std::uint32_t length = 0;
  if (!add_chain_lengths(std::span(&data, 1), length)) return std::unexpected(Error::invalid_argument);
  if (free_count_ == 0) return std::unexpected(Error::queue_full);
  const std::uint16_t head = free_head_;
  free_head_ = add_segment(head, data.data(), length, flags);
  --free_count_;
  offer(head, {.cookie = cookie, .writable_length = flags != 0 ? length : 0, .length = 1});
  return {};
}

bool SplitQueue::publish() {
  if (published_ == available_ || broken_) return false;
  // Descriptors and ring entries before the index [virtio 1.2 §2.7.13.3], the index before the flags are read
  // [virtio 1.2 §2.7.13.4]: without the full barrier both sides may miss each other.
  store_once(memory_.available[kAvailableIndex], available_, std::memory_order_release);
  published_ = available_;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if ((load_once(memory_.used->flags, std::memory_order_relaxed) & kUsedNoNotify) != 0) return false;
  notified_ = published_;
  return true;
}

std::expected<std::optional<SplitQueue::Completion>, Error> SplitQueue::poll() {
  if (broken_) return std::unexpected(Error::queue_broken);
  if (size_ == 0) return std::nullopt;
  const std::uint16_t device_index = load_once(memory_.used->index, std::memory_order_acquire);
  const auto ready = static_cast<std::uint16_t>(device_index - used_);
  if (ready == 0) return std::nullopt;
  if (ready > in_flight()) return violate(Error::used_index_jump);

  UsedElement& element = memory_.used_ring[used_ & (size_ - 1U)];
  const std::uint32_t id = load_once(element.id, std::memory_order_relaxed);
  const std::uint32_t written = load_once(element.length, std::memory_order_relaxed);
  if (id >= size_) return violate(Error::used_id_invalid);
  const DescriptorState& state = memory_.state[id];
  if (state.chain_length == 0) return violate(Error::used_id_invalid);
  if (written > state.writable_length) return violate(Error::used_length_invalid);

  const Completion completion{.cookie = state.cookie, .written = written};
  release(static_cast<std::uint16_t>(id));
  ++used_;
  return completion;
}

bool SplitQueue::reclaim(std::uint64_t cookie) {
  for (std::uint16_t head = 0; head < size_; ++head) {
    if (memory_.state[head].chain_length == 0 || memory_.state[head].cookie != cookie) continue;
    release(head);
    ++reclaimed_;
    return true;
  }
  return false;
}

bool SplitQueue::set_interrupts(Interrupts interrupts) {
  if (size_ == 0 || broken_) return false;
  const std::uint16_t flags = interrupts == Interrupts::suppressed ? kAvailableNoInterrupt : 0;
  store_once(memory_.available[kAvailableFlags], flags, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return load_once(memory_.used->index, std::memory_order_relaxed) != used_;
}

std::uint16_t SplitQueue::device_used_index() const {
  return size_ != 0 ? load_once(memory_.used->index, std::memory_order_relaxed) : std::uint16_t{0};
}

QueueFigures SplitQueue::figures() const {
  const bool attached = size_ != 0;
  return {.size = size_,
          .free = free_count_,
          .in_flight = in_flight(),
          .available_index = available_,
          .used_index = used_,
          .device_used_index = device_used_index(),
          .device_flags = attached ? load_once(memory_.used->flags, std::memory_order_relaxed) : std::uint16_t{0},
          .broken = broken_};
}

std::uint64_t SplitQueue::device_address(const void* pointer) const {
  return translation_ != nullptr ? translation_(pointer) : reinterpret_cast<std::uintptr_t>(pointer);
}

std::unexpected<Error> SplitQueue::violate(Error error) {
  broken_ = error;
  return std::unexpected(error);
}

// Fills one descriptor of the free list and returns the one after it, which the chain's next segment will take.
std::uint16_t SplitQueue::add_segment(std::uint16_t index, const void* data, std::size_t length, std::uint16_t flags) {
  const std::uint16_t next = memory_.state[index].next;
  memory_.descriptors[index] = {
      .address = device_address(data), .length = static_cast<std::uint32_t>(length), .flags = flags, .next = next};
  return next;
}

void SplitQueue::offer(std::uint16_t head, const Chain& chain) {
  DescriptorState& state = memory_.state[head];
  state.cookie = chain.cookie;
  state.writable_length = chain.writable_length;
  state.chain_length = static_cast<std::uint16_t>(chain.length);

  memory_.available[kAvailableRing + (available_ & (size_ - 1U))] = head;
  ++available_;
}

// Returns a chain to the free list, by the private links.
void SplitQueue::release(std::uint16_t head) {
  DescriptorState& state = memory_.state[head];
  std::uint16_t last = head;
  for (std::uint16_t i = 1; i < state.chain_length; ++i) last = memory_.state[last].next;
  memory_.state[last].next = free_head_;
  free_head_ = head;
  free_count_ = static_cast<std::uint16_t>(free_count_ + state.chain_length);
  state.chain_length = 0;
}

}  // namespace toro::virtio
