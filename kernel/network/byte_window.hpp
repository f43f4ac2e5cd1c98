// Bytes of a stream that are kept: from where it begins, any of them, in chunks that exist only where something lies.
#pragma once

#include <cstddef>

#include "kernel/network/wire.hpp"

namespace toro::inet {

/// What all connections of a stack may take together.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t size) : left_(size) {}
  [[nodiscard]] bool take(std::size_t size) {
    if (size > left_) return false;
    left_ -= size;
    return true;
  }
  void give(std::size_t size) { left_ += size; }
  [[nodiscard]] std::size_t left() const { return left_; }

 private:
  std::size_t left_;
};

class ByteWindow {
 public:
  static constexpr std::size_t kChunk = 4096;

  ByteWindow(MemoryBudget& budget, std::size_t capacity) : budget_(budget), capacity_(capacity) {}
  ByteWindow(const ByteWindow&) = delete;
  ByteWindow& operator=(const ByteWindow&) = delete;
  ~ByteWindow();

  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  /// `offset` counts from the beginning; the end must be within the capacity. How many of the bytes were written: fewer
  /// when memory is out.
  [[nodiscard]] std::size_t write(std::size_t offset, Bytes bytes);
  /// What was written.
  void read(std::size_t offset, MutableBytes to) const;
  /// The beginning moves on by `count`; `left` bytes are still kept, and without any there is no memory taken.
  void drop(std::size_t count, std::size_t left);
  void clear();

 private:
  [[nodiscard]] std::size_t slot_count() const { return capacity_ / kChunk + 2; }
  void free_chunk(std::byte*& chunk);

  MemoryBudget& budget_;
  std::size_t capacity_;
  std::byte** slots_ = nullptr;  ///< a ring; none while nothing is kept
  std::size_t begin_ = 0;        ///< in bytes of the ring
};

}  // namespace toro::inet
