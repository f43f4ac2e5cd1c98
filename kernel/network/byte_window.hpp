// Bytes of a stream that are kept: from where it begins, any of them, in chunks that exist only where something lies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

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
  /// With what is beside it, a block of the size that the heap keeps for the next.
  static constexpr std::size_t kChunk = 4096 - 2 * sizeof(void*);

  /// Memory of a window. Who holds it has it until he releases it, whatever becomes of the window, and what was written
  /// stays as it is.
  class Chunk {
   public:
    explicit Chunk(MemoryBudget& budget) : budget_(budget) {}
    void hold() { ++holders_; }
    void release();

   private:
    friend class ByteWindow;
    MemoryBudget& budget_;
    std::uint32_t holders_ = 1;
    std::array<std::byte, kChunk> bytes_;
  };
  struct Part {
    Bytes bytes;
    Chunk* chunk;
  };

  ByteWindow(MemoryBudget& budget, std::size_t capacity) : budget_(budget), capacity_(capacity) {}
  ByteWindow(const ByteWindow&) = delete;
  ByteWindow& operator=(const ByteWindow&) = delete;
  ~ByteWindow();

  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  /// `offset` counts from the beginning; the end must be within the capacity. How many of the bytes were written: fewer
  /// when memory is out.
  [[nodiscard]] std::size_t write(std::size_t offset, Bytes bytes);
  /// The parts in which `size` bytes lie that were written; how many there are. They stay until they are dropped.
  static constexpr std::size_t parts_of(std::size_t size) { return size / kChunk + 2; }
  [[nodiscard]] std::size_t view(std::size_t offset, std::size_t size, std::span<Part> parts) const;
  /// What was written.
  void read(std::size_t offset, MutableBytes to) const;
  /// The beginning moves on by `count`; `left` bytes are still kept, and without any there is no memory taken.
  void drop(std::size_t count, std::size_t left);
  void clear();

 private:
  [[nodiscard]] std::size_t most_slots() const { return capacity_ / kChunk + 2; }
  [[nodiscard]] bool make_room();
  /// Where the chunk lies that is number `slot` from the ring's first on, at most one round behind it.
  [[nodiscard]] Chunk*& chunk_of(std::size_t slot) const {
    return slots_[slot < slot_count_ ? slot : slot - slot_count_];
  }
  /// Those of `slot` up to `end`, counted on beyond the ring's end.
  void let_go(std::size_t slot, std::size_t end);

  MemoryBudget& budget_;
  std::size_t capacity_;
  std::array<Chunk*, 2> few_{};  ///< suffice while little is kept
  Chunk** slots_ = few_.data();  ///< a ring: these, or a block of the heap with most_slots()
  std::size_t slot_count_ = few_.size();
  std::size_t begin_ = 0;   ///< in bytes of the ring
  std::size_t extent_ = 0;  ///< bytes from there on, behind which nothing was written
};

}  // namespace toro::inet
