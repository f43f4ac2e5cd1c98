// A split queue for devices that are busy: a chain takes one descriptor of the ring, whatever its length (indirect
// descriptors), and each side says from which entry on it wants to hear of the other (event index), as far as the
// device knows these features. [virtio 1.2 §2.7.5.3, §2.7.7.1, §2.7.10.1]
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/devices/virtio/split_queue.hpp"

namespace toro::virtio {

/// As SplitQueue, which a debugger sees; used by one caller at a time.
class EventQueue : public SplitQueue {
 public:
  /// The same, with memory for a table behind each entry, each of `longest` descriptors, one after the other. `agreed`
  /// says which features the device knows. To be called before the first chain, after attach(). Tables may be fewer
  /// than entries: chains beyond them lie in the ring itself.
  void use(Features agreed, std::span<Descriptor> tables, std::uint16_t longest);

  /// As SplitQueue's; a chain of more than one segment that fits a table takes one descriptor.
  [[nodiscard]] std::expected<void, Error> submit(std::span<const std::span<const std::byte>> readable,
                                                  std::span<const std::span<std::byte>> writable, std::uint64_t cookie);

  /// As SplitQueue's.
  [[nodiscard]] bool publish();

  /// Asks for an interrupt at the next completion that poll() has not taken. True: it is there already, and no
  /// interrupt may come for it.
  [[nodiscard]] bool listen();
  /// Asks for none, until listen(): one may still come, of completions that went before, or of 2^16 that follow.
  void ignore();
  /// Whether there is what listen() was to hear of, and ignore() has not been called since. Any core that the device
  /// has interrupted.
  [[nodiscard]] bool is_due() const;

 private:
  static constexpr std::uint32_t kListens = 1U << 16;

  std::span<Descriptor> tables_;
  std::uint16_t longest_ = 0;
  bool has_event_index_ = false;
  std::atomic<std::uint32_t> listens_ = 0;  ///< kListens and how many completions were taken then, or 0
};

}  // namespace toro::virtio
