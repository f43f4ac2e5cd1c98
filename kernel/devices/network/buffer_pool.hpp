// Memory that frames lie in: buffers of one size, which wander between a device, its driver and who uses a frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::network {

inline constexpr std::size_t kBufferSize = 2048;

/// A buffer is in one place at a time: the pool, the device, or a frame.
struct Buffer {
  std::byte* memory = nullptr;  ///< kBufferSize bytes at a multiple of that, for ever
  Buffer* next = nullptr;       ///< in the pool, or the next part of a frame
  std::uint16_t offset = 0;     ///< where, of the memory, the frame's part begins
  std::uint16_t length = 0;

  [[nodiscard]] std::span<std::byte> all() const { return {memory, kBufferSize}; }
  [[nodiscard]] std::span<std::byte> part() const { return {memory + offset, length}; }
};

/// The buffers that are free. Of one core: its threads only, not interrupts.
class BufferPool {
 public:
  constexpr BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// Adds buffers that lie one after the other in `memory`, as many as there is memory for.
  void add(std::span<Buffer> buffers, std::span<std::byte> memory) {
    for (Buffer& buffer : buffers) {
      if (memory.size() < kBufferSize) return;
      buffer = {.memory = memory.data()};
      memory = memory.subspan(kBufferSize);
      give(buffer);
    }
  }

  /// Null when there is none.
  [[nodiscard]] Buffer* take() {
    Buffer* const buffer = first_;
    if (buffer == nullptr) return nullptr;
    first_ = buffer->next;
    buffer->next = nullptr;
    --free_;
    return buffer;
  }
  void give(Buffer& buffer) {
    buffer.next = first_;
    first_ = &buffer;
    ++free_;
  }
  /// All parts of a frame.
  void give_chain(Buffer* first) {
    while (first != nullptr) {
      Buffer& buffer = *first;
      first = first->next;
      give(buffer);
    }
  }

  [[nodiscard]] std::size_t free() const { return free_; }

 private:
  Buffer* first_ = nullptr;
  std::size_t free_ = 0;
};

}  // namespace toro::network
