// How the heap lies in memory: regions of blocks. Read by the heap itself and by its check.
#pragma once

#include <bit>

#include "kernel/memory/heap.hpp"
#include "kernel/memory/page_ranges.hpp"

namespace toro::memory {

inline constexpr std::size_t kGranule = 16;

/// The 16 bytes before every payload, as QuickBlocks knows them too. A region is a sequence of blocks without gaps, and
/// an `end` block that is its header only.
/// word: bytes of the block with this header in bits 0..31 (0 when large), granules back to the block before in 32..55
/// (0: none; when large: back to the region), owner in 56..63.
struct Heap::Block {
  /// Not in the word: word ^ check ^ payload's address ^ secret is the state in each of its 16 hexadecimal digits, and
  /// anything else is a damaged header. Any two states differ in 32 bits or more.
  enum State : std::uint8_t { live = 0, large = 3, free = 5, end = 10, kept = 15 };
  static constexpr std::uint64_t kEveryDigit = 0x1111'1111'1111'1111;
  static constexpr unsigned kPreviousShift = 32, kOwnerShift = 56;
  static constexpr std::uint64_t kFieldMask = (1 << 24) - 1;
  static constexpr std::size_t kSmallest = 2;  // granules: the header, and the links of a free block

  std::uint64_t word;
  std::uint64_t check;
  Block* next_free;  // payload from here on: in a free block the neighbours in its class
  Block* previous_free;

  [[nodiscard]] std::size_t bytes() const { return static_cast<std::uint32_t>(word); }
  [[nodiscard]] std::size_t granules() const { return bytes() / kGranule; }
  [[nodiscard]] std::size_t size() const { return bytes() - kGranule; }
  [[nodiscard]] std::size_t previous_granules() const { return word >> kPreviousShift & kFieldMask; }

  [[nodiscard]] std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(this); }
  [[nodiscard]] void* payload() { return &next_free; }
  [[nodiscard]] Block& after(std::size_t distance) const {
    return *reinterpret_cast<Block*>(address() + distance * kGranule);
  }
  [[nodiscard]] Block& next() const { return after(granules()); }
  [[nodiscard]] Block& previous() const {
    return *reinterpret_cast<Block*>(address() - previous_granules() * kGranule);
  }

  static std::size_t class_of(std::size_t granules) {
    const std::size_t shift = granules < 16 ? 0 : static_cast<std::size_t>(std::bit_width(granules)) - 5;
    return shift * 16 + (granules >> shift);
  }
  // The least size, not below `granules`, of which every block of its class is at least as long.
  static std::size_t round_up_to_class(std::size_t granules) {
    if (granules < 16) return granules;
    const std::size_t step = std::size_t{1} << (std::bit_width(granules) - 5);
    return (granules + step - 1) & ~(step - 1);
  }
};
static_assert(offsetof(Heap::Block, next_free) == kGranule);

/// At the start of each run of pages that a heap holds.
struct Heap::Region {
  Region* next;
  Region* previous;
  std::size_t bytes;
  Block* first;  // right after this header; of a large block further up, as its alignment asks

  [[nodiscard]] std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(this); }
  [[nodiscard]] std::size_t pages() const { return bytes / kPageSize; }
};

}  // namespace toro::memory
