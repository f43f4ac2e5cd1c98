// The split virtqueue: the driver's end of one ring, on memory that the caller supplies. [virtio 1.2 §2.7]
//
// The device is not trusted. Everything this class must rely on later (which chains are in flight, how they are linked,
// how much was offered) it keeps in private memory and never reads back from the ring; what the device writes is read
// once and checked. After the first violation the queue is broken: it stays memory-safe and answers with errors.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <span>

#include "kernel/devices/virtio/error.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

inline constexpr std::uint16_t kLargestSplitQueue = 256;

/// [virtio 1.2 §2.7.5]
struct Descriptor {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t flags = 0;
  std::uint16_t next = 0;
};
static_assert(sizeof(Descriptor) == 16);

enum class DescriptorFlag : std::uint16_t { next = 1, device_writes = 2, indirect = 4 };

/// [virtio 1.2 §2.7.8]
struct UsedElement {
  std::uint32_t id = 0;
  std::uint32_t length = 0;
};
static_assert(sizeof(UsedElement) == 8);

struct UsedHeader {
  std::uint16_t flags = 0;
  std::uint16_t index = 0;
};
static_assert(sizeof(UsedHeader) == 4);

// Where what lies in the available ring, in 16-bit words. [virtio 1.2 §2.7.6]
inline constexpr std::size_t kAvailableFlags = 0;
inline constexpr std::size_t kAvailableIndex = 1;
inline constexpr std::size_t kAvailableRing = 2;

inline constexpr std::uint16_t kAvailableNoInterrupt = 1;  // [virtio 1.2 §2.7.7]
inline constexpr std::uint16_t kUsedNoNotify = 1;          // [virtio 1.2 §2.7.10]

/// What the driver knows of a descriptor, whatever the device does to the ring.
struct DescriptorState {
  std::uint64_t cookie = 0;           // of the chain; only in its head
  std::uint32_t writable_length = 0;  // bytes that the device may write; only in the head
  std::uint16_t chain_length = 0;     // descriptors; 0 in all that are not the head of a chain in flight
  std::uint16_t next = 0;             // in the chain or in the free list
};

/// Pointers into the memory of one queue.
struct QueueView {
  std::uint16_t capacity = 0;  // entries, a power of two
  Descriptor* descriptors = nullptr;
  std::uint16_t* available = nullptr;  // flags, index, capacity entries, used event
  UsedHeader* used = nullptr;
  UsedElement* used_ring = nullptr;
  DescriptorState* state = nullptr;
};

/// The memory of one queue. All zero until it is attached, so that it lies in .bss.
template <std::uint16_t kCapacity>
  requires(std::has_single_bit(kCapacity) && kCapacity <= kLargestSplitQueue)
struct QueueMemory {
  struct UsedRing {
    UsedHeader header;
    std::array<UsedElement, kCapacity> ring{};
    std::uint16_t available_event = 0;
  };

  alignas(16) std::array<Descriptor, kCapacity> descriptors{};
  std::array<std::uint16_t, kCapacity + 3> available{};
  alignas(64) UsedRing used;  // its own cache line: only the device writes it
  alignas(64) std::array<DescriptorState, kCapacity> state{};

  [[nodiscard]] constexpr QueueView view() {
    return {.capacity = kCapacity,
            .descriptors = descriptors.data(),
            .available = available.data(),
            .used = &used.header,
            .used_ring = used.ring.data(),
            .state = state.data()};
  }
};
static_assert(offsetof(QueueMemory<8>::UsedRing, ring) == sizeof(UsedHeader));

/// Address as the device sees it. Null where physical and virtual addresses are the same.
using AddressTranslation = std::uint64_t (*)(const void*);

/// Adds up the lengths of segments; false if one is empty or the sum exceeds 32 bits. [virtio 1.2 §2.7.5]
template <typename Segments>
[[nodiscard]] bool add_chain_lengths(const Segments& segments, std::uint32_t& total) {
  for (const auto& segment : segments) {
    if (segment.empty() || segment.size() > std::numeric_limits<std::uint32_t>::max() - total) return false;
    total += static_cast<std::uint32_t>(segment.size());
  }
  return true;
}

/// For debuggers and tables: the figures of a queue at one moment.
struct QueueFigures {
  std::uint16_t size;
  std::uint16_t free;       // descriptors
  std::uint16_t in_flight;  // chains published and not yet taken back
  std::uint16_t available_index;
  std::uint16_t used_index;         // completions taken
  std::uint16_t device_used_index;  // completions that the device claims
  std::uint16_t device_flags;
  std::optional<Error> broken;
};

/// Not safe against itself: one caller at a time. No function waits; all may be called from any context.
class SplitQueue {
 public:
  struct Completion {
    std::uint64_t cookie;
    std::uint32_t written;  // bytes, at most what the chain offered
  };
  enum class Interrupts : std::uint8_t { enabled, suppressed };

  /// A queue without memory: submit() says Error::queue_full, poll() finds nothing.
  constexpr SplitQueue() = default;
  SplitQueue(const SplitQueue&) = delete;
  SplitQueue& operator=(const SplitQueue&) = delete;

  /// Clears the memory, which stays in use until the device is reset, and says where its areas lie. `size` in entries,
  /// a power of two, at most the view's capacity. Error::invalid_argument.
  [[nodiscard]] std::expected<QueueAddresses, Error> attach(const QueueView& memory, std::uint16_t size,
                                                            AddressTranslation translation = nullptr);

  /// Adds one chain: first what the device reads, then what it writes; no segment may be empty, all together are under
  /// 4 GB. The device does not see it before publish(). The memory belongs to the device until poll() hands back the
  /// cookie. Error::queue_full, Error::invalid_argument, Error::queue_broken.
  [[nodiscard]] std::expected<void, Error> submit(std::span<const std::span<const std::byte>> readable,
                                                  std::span<const std::span<std::byte>> writable, std::uint64_t cookie);
  [[nodiscard]] std::expected<void, Error> submit_readable(std::span<const std::byte> data, std::uint64_t cookie);
  [[nodiscard]] std::expected<void, Error> submit_writable(std::span<std::byte> data, std::uint64_t cookie);

  /// Shows the device all chains submitted since the last call. True: the transport's notify() is due.
  [[nodiscard]] bool publish();

  /// Takes back one chain that the device has finished, in the device's order; nothing if there is none.
  /// Error::used_index_jump, Error::used_id_invalid, Error::used_length_invalid break the queue; from then on
  /// Error::queue_broken.
  [[nodiscard]] std::expected<std::optional<Completion>, Error> poll();

  /// Takes back the chain with this cookie, which the device has let go of without finishing it: the caller knows.
  /// False where none has it.
  bool reclaim(std::uint64_t cookie);

  /// A hint to the device whether to interrupt on completions. True: there are completions already, for which no
  /// interrupt may come; poll() for them. [virtio 1.2 §2.7.7]
  bool set_interrupts(Interrupts interrupts);

  [[nodiscard]] std::uint16_t size() const { return size_; }
  [[nodiscard]] std::uint16_t free_descriptors() const { return free_count_; }
  [[nodiscard]] std::optional<Error> broken() const { return broken_; }

  /// Completions that the device claims, modulo 2^16. Any core, once it is attached.
  [[nodiscard]] std::uint16_t device_used_index() const;
  [[nodiscard]] QueueFigures figures() const;
  /// As the driver wrote them, unless the device overwrote them: for display only.
  [[nodiscard]] std::span<const Descriptor> descriptors() const { return {memory_.descriptors, size_}; }
  [[nodiscard]] std::span<const DescriptorState> descriptor_states() const { return {memory_.state, size_}; }

 protected:
  struct Chain {
    std::uint64_t cookie;
    std::uint32_t writable_length;
    std::size_t length;  // descriptors of the ring
  };

  [[nodiscard]] std::uint64_t device_address(const void* pointer) const;
  [[nodiscard]] std::uint16_t in_flight() const { return static_cast<std::uint16_t>(published_ - used_ - reclaimed_); }
  [[nodiscard]] std::unexpected<Error> violate(Error error);
  [[nodiscard]] std::expected<void, Error> submit_one(std::span<const std::byte> data, std::uint16_t flags,
                                                      std::uint64_t cookie);
  std::uint16_t add_segment(std::uint16_t index, const void* data, std::size_t length, std::uint16_t flags);
  // Puts a chain, whose descriptors are filled and taken off the free list, into the available ring.
  void offer(std::uint16_t head, const Chain& chain);
  void release(std::uint16_t head);

  friend struct VirtqueueTable;

  QueueView memory_;
  AddressTranslation translation_ = nullptr;
  std::uint16_t size_ = 0;
  std::uint16_t free_count_ = 0;
  std::uint16_t free_head_ = 0;
  std::uint16_t available_ = 0;  // chains submitted, modulo 2^16, as all three
  std::uint16_t published_ = 0;  // chains shown to the device
  std::uint16_t used_ = 0;       // chains taken back
  std::uint16_t reclaimed_ = 0;  // chains taken back that the device never finished
  std::uint16_t notified_ = 0;   // published_ when the device was last to be notified; for display only
  std::optional<Error> broken_;
};

}  // namespace toro::virtio
