// Messages from one core to another: a ring with one writer and one reader, without locked instructions.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace toro::process {

/// A function that the receiving core calls with a copy of the payload. One cache line.
struct alignas(64) Message {
  using Run = void (*)(void* payload);
  static constexpr std::size_t kMaxPayload = 48;

  Run run = nullptr;
  alignas(16) std::byte payload[kMaxPayload]{};
};
static_assert(sizeof(Message) == 64);

/// The ring of one ordered pair of cores. How many messages were ever written is told beside the ring, by a counter
/// modulo 256 that the reader sees together with those of its other writers (inbox.hpp).
class MessageRing {
 public:
  static constexpr std::uint8_t kSlots = 64;
  static_assert(256 % kSlots == 0);

  constexpr MessageRing() = default;
  MessageRing(const MessageRing&) = delete;
  MessageRing& operator=(const MessageRing&) = delete;

  /// Writer: where the next message goes, to be counted when it is there; null when the ring is full. `written` is the
  /// counter that the reader watches.
  [[nodiscard]] Message* next(const std::atomic<std::uint8_t>& written) {
    const std::uint8_t count = written.load(std::memory_order_relaxed);
    if (static_cast<std::uint8_t>(count - known_read_) == kSlots) {
      known_read_ = read_.load(std::memory_order_acquire);
      if (static_cast<std::uint8_t>(count - known_read_) == kSlots) return nullptr;
    }
    return &slots_[count % kSlots];
  }

  /// Writer: shows the message to the reader.
  static void count(std::atomic<std::uint8_t>& written) {
    written.store(static_cast<std::uint8_t>(written.load(std::memory_order_relaxed) + 1), std::memory_order_release);
  }

  /// Reader: copies message number `count`, which must have been written, and frees its slot.
  [[nodiscard]] Message read(std::uint8_t count) {
    const Message message = slots_[count % kSlots];
    read_.store(static_cast<std::uint8_t>(count + 1), std::memory_order_release);
    return message;
  }

 private:
  std::array<Message, kSlots> slots_{};
  alignas(64) std::atomic<std::uint8_t> read_ = 0;
  /// The writer's copy of read_, so that it seldom takes that line from the reader.
  alignas(64) std::uint8_t known_read_ = 0;
};

}  // namespace toro::process
