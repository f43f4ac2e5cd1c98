// The device's end of a split virtqueue. [virtio 1.2 §2.7]
#include "sdk/vsock/ring.hpp"

#include <unistd.h>

#include <atomic>
#include <bit>
#include <string>
#include <utility>

#include "kernel/devices/virtio/ring_access.hpp"

namespace toro::bridge {

using virtio::Descriptor;
using virtio::DescriptorFlag;
using virtio::load_once;
using virtio::store_once;
using virtio::UsedElement;

namespace {

constexpr std::uint32_t kMostEntries = 32768;

std::byte* aligned(std::byte* memory, std::size_t alignment) {
  if (reinterpret_cast<std::uintptr_t>(memory) % alignment != 0) throw Violation("a queue is not aligned");
  return memory;
}

}  // namespace

void Ring::set_size(std::uint32_t size) {
  if (size == 0 || size > kMostEntries || !std::has_single_bit(size))
    throw Violation("a queue has " + std::to_string(size) + " entries");
  descriptors_ = nullptr;
  size_ = static_cast<std::uint16_t>(size);
}

void Ring::set_addresses(const GuestMemory& memory, const RingAddresses& addresses) {
  const std::size_t size = size_;
  if (size == 0) throw Violation("a queue has no size");
  auto* const descriptors = aligned(memory.at_monitor(addresses.descriptors, size * sizeof(Descriptor)), 16);
  auto* const available = aligned(memory.at_monitor(addresses.available, 2 * (size + 3)), 2);
  auto* const used = aligned(memory.at_monitor(addresses.used, 6 + size * sizeof(UsedElement)), 4);
  descriptors_ = reinterpret_cast<Descriptor*>(descriptors);
  available_ = reinterpret_cast<std::uint16_t*>(available);
  used_ = reinterpret_cast<std::uint16_t*>(used);
  used_ring_ = reinterpret_cast<UsedElement*>(used + 4);
  available_event_ = reinterpret_cast<std::uint16_t*>(used + 4 + size * sizeof(UsedElement));
  next_used_ = signalled_ = load_once(used_[1], std::memory_order_relaxed);
}

void Ring::stop() {
  kicked.reset();
  kick.reset();
  call.reset();
  descriptors_ = nullptr;
}

bool Ring::has_more() const {
  return load_once(available_[virtio::kAvailableIndex], std::memory_order_acquire) != next_available_;
}

std::optional<Chain> Ring::pop(const GuestMemory& memory) {
  const std::uint16_t there = load_once(available_[virtio::kAvailableIndex], std::memory_order_acquire);
  const auto ready = static_cast<std::uint16_t>(there - next_available_);
  if (ready == 0) return std::nullopt;
  if (ready > size_) throw Violation("its available index jumps");
  Chain chain;
  chain.head = load_once(available_[virtio::kAvailableRing + next_available_ % size_], std::memory_order_relaxed);
  std::uint16_t index = chain.head;
  for (std::uint16_t count = 0;; ++count) {
    if (index >= size_) throw Violation("descriptor " + std::to_string(index) + " of " + std::to_string(size_));
    if (count == size_) throw Violation("a chain of descriptors has no end");
    Descriptor& shared = descriptors_[index];
    const std::uint64_t address = load_once(shared.address, std::memory_order_relaxed);
    const std::uint32_t length = load_once(shared.length, std::memory_order_relaxed);
    const std::uint16_t flags = load_once(shared.flags, std::memory_order_relaxed);
    if ((flags & std::to_underlying(DescriptorFlag::indirect)) != 0)
      throw Violation("indirect descriptors were not agreed");
    std::byte* const data = memory.at_guest(address, length);
    if ((flags & std::to_underlying(DescriptorFlag::device_writes)) != 0)
      chain.writable.emplace_back(data, length);
    else
      chain.readable.emplace_back(data, length);
    if ((flags & std::to_underlying(DescriptorFlag::next)) == 0) break;
    index = load_once(shared.next, std::memory_order_relaxed);
  }
  ++next_available_;
  return chain;
}

void Ring::push(const Chain& chain, std::uint32_t written) {
  UsedElement& element = used_ring_[next_used_ % size_];
  store_once(element.id, chain.head, std::memory_order_relaxed);
  store_once(element.length, written, std::memory_order_relaxed);
  store_once(used_[1], ++next_used_, std::memory_order_release);
}

void Ring::signal() {
  const std::uint16_t before = std::exchange(signalled_, next_used_);
  if (before == next_used_) return;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (event_index) {
    const std::uint16_t event = load_once(available_[virtio::kAvailableRing + size_], std::memory_order_relaxed);
    if (static_cast<std::uint16_t>(next_used_ - event - 1) >= static_cast<std::uint16_t>(next_used_ - before)) return;
  } else if ((load_once(available_[virtio::kAvailableFlags], std::memory_order_relaxed) &
              virtio::kAvailableNoInterrupt) != 0) {
    return;
  }
  const std::uint64_t one = 1;
  if (call) static_cast<void>(::write(call.get(), &one, sizeof one) == sizeof one);
}

bool Ring::want_kicks(bool wanted) {
  if (event_index) {
    // An index that is far away is as good as none.
    const auto from = static_cast<std::uint16_t>(wanted ? next_available_ : next_available_ - 1);
    store_once(*available_event_, from, std::memory_order_relaxed);
  } else {
    store_once(used_[0], wanted ? 0 : virtio::kUsedNoNotify, std::memory_order_relaxed);
  }
  if (!wanted) return false;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return has_more();
}

}  // namespace toro::bridge
