// The device's end of a split virtqueue. The guest is not trusted: each word is read once, and checked. [virtio 1.2
// §2.7]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernel/devices/virtio/split_queue.hpp"
#include "sdk/cli/host/event_loop.hpp"
#include "sdk/cli/host/file_descriptor.hpp"
#include "sdk/vsock/guest_memory.hpp"

namespace toro::bridge {

/// What a driver offers in one piece.
struct Chain {
  std::uint16_t head = 0;
  std::vector<std::span<const std::byte>> readable;
  std::vector<std::span<std::byte>> writable;
};

struct RingAddresses {  ///< the monitor's
  std::uint64_t descriptors = 0;
  std::uint64_t used = 0;
  std::uint64_t available = 0;
};

class Ring {
 public:
  cli::FileDescriptor kick;  ///< readable when the guest notifies
  cli::FileDescriptor call;  ///< written to interrupt the guest
  cli::Registration kicked;
  bool enabled = false;
  bool event_index = false;  ///< agreed [virtio 1.2 §2.7.10]

  /// Throws Violation, as all that follow.
  void set_size(std::uint32_t size);
  void set_addresses(const GuestMemory& memory, const RingAddresses& addresses);
  void set_base(std::uint16_t index) { next_available_ = next_used_ = index; }
  [[nodiscard]] std::uint16_t base() const { return next_available_; }
  /// The last chain was not taken.
  void unpop() { --next_available_; }
  [[nodiscard]] bool is_usable() const { return enabled && descriptors_ != nullptr && kick; }
  void stop();

  /// The next chain, or nothing.
  [[nodiscard]] std::optional<Chain> pop(const GuestMemory& memory);
  /// The driver gets a chain back, in which `written` bytes are new. It is told by signal().
  void push(const Chain& chain, std::uint32_t written);
  /// Interrupts the guest, where it wants that for what was pushed.
  void signal();
  /// Whether the guest is to notify of more chains. True: there are some already.
  [[nodiscard]] bool want_kicks(bool wanted);

 private:
  [[nodiscard]] bool has_more() const;

  std::uint16_t size_ = 0;
  virtio::Descriptor* descriptors_ = nullptr;
  std::uint16_t* available_ = nullptr;
  std::uint16_t* used_ = nullptr;  ///< flags, index
  virtio::UsedElement* used_ring_ = nullptr;
  std::uint16_t* available_event_ = nullptr;
  std::uint16_t next_available_ = 0;
  std::uint16_t next_used_ = 0;
  std::uint16_t signalled_ = 0;
};

}  // namespace toro::bridge
