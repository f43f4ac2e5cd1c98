// The heap of one core: two-level segregated fit [Masmano et al., ECRTS 2004] over regions of pages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/include/toro/detail/quick_blocks.hpp"

namespace toro::memory {

using detail::QuickBlocks;

/// Where a heap gets its pages. `allocate` gives the address of `pages` pages at a multiple of `alignment` bytes (at
/// least kPageSize), or 0; `free` takes pages back, and may be given the tail of an allocation before the rest of it.
struct PageSource {
  void* context = nullptr;
  std::uintptr_t (*allocate)(void* context, std::size_t pages, std::size_t alignment) = nullptr;
  void (*free)(void* context, std::uintptr_t address, std::size_t pages) = nullptr;
};

enum class HeapFault : std::uint8_t {
  double_free,       ///< the block is free already
  corrupted_header,  ///< the header's check word is wrong: overwritten, another heap's, or never a block
  corrupted_list,    ///< a free block's links were overwritten: written after free
  foreign_pointer,   ///< misaligned, or outside all memory that the heap ever had: never a block
};

/// What the fault is called, for the panic's message.
[[nodiscard]] const char* name(HeapFault fault);

/// Called when the heap finds itself damaged; `block` is what the caller gave, or the damaged block. Must not return.
using HeapFaultHandler = void (*)(HeapFault fault, const void* block);

struct HeapConfiguration {
  PageSource pages;
  bool (*collect)() =
      nullptr;  ///< frees blocks that others hold for this heap; false when there were none. May be null
  HeapFaultHandler on_fault = nullptr;
  std::uint64_t secret = 0;  ///< random for each boot and heap: every header is checked against it
  std::uint16_t owner = 0;   ///< the core that the heap belongs to; below kMaxHeapOwners
};
inline constexpr std::uint16_t kMaxHeapOwners = 1 << 8;

struct HeapStatistics {
  std::size_t bytes_in_use = 0;  ///< usable bytes of all live blocks
  std::size_t kept_bytes = 0;    ///< usable bytes of freed blocks that are kept for the next of their size
  std::size_t peak_bytes = 0;    ///< the highest that both together ever were
  std::size_t blocks = 0;        ///< live blocks
  std::size_t regions = 0;       ///< regions held of the page source, large blocks included
  std::size_t region_bytes = 0;  ///< their size
};

/// Every operation is O(1), but for the page source's own cost, realloc's copy, and give_back_kept(), whose cost is
/// that of the frees it makes up for. Small blocks are kept by size when they are freed (QuickBlocks), up to a bound
/// beyond which, or when memory is needed, they join their free neighbours. Blocks are aligned to 16 bytes and cost 16
/// more. Blocks from kLargeBytes on are runs of pages of their own. Sizes are bytes. Any context of the owning core
/// that does not interrupt the heap itself; no locks.
class Heap {
 public:
  struct Block;   // heap_layout.hpp
  struct Region;  // heap_layout.hpp

  static constexpr std::size_t kMinimumAlignment = 16;
  static constexpr std::size_t kRegionBytes = 64 * 1024;  ///< the least that is asked of the page source
  static constexpr std::size_t kLargeBytes = 256 * 1024;

  /// `quick`, zeroed, must live as long; who has it may take and keep blocks itself, first.
  Heap(const HeapConfiguration& configuration, QuickBlocks& quick);
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  /// A block of at least `size` bytes at a multiple of `alignment` (a power of two); null when memory is exhausted or
  /// the alignment is no power of two. Size 0 gives a block of its own. Contents are undefined.
  [[nodiscard]] void* allocate(std::size_t size);
  [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment);

  /// Frees a block; null is allowed. Reports double_free, corrupted_header and corrupted_list to the fault handler.
  void free(void* block);

  /// As C's realloc: in place where the block or its free neighbour is long enough, else a copy (aligned to 16 bytes).
  /// A null block is allocated. When memory is exhausted the block stays as it was, and null is returned.
  [[nodiscard]] void* reallocate(void* block, std::size_t size);

  /// Bytes that may be used of a block: at least what was asked for.
  [[nodiscard]] std::size_t usable_size(const void* block) const;

  /// Whether a block may be this heap's, by its address. Any core.
  [[nodiscard]] bool is_within(const void* address) const;

  /// What is known of a live block on any core, of any heap: the word is read unchecked. The core whose heap it came
  /// from; and usable_size(), asked of that core's heap.
  [[nodiscard]] static std::uint16_t owner_of(const void* block);
  [[nodiscard]] std::size_t usable_size_elsewhere(const void* block) const;

  /// Joins the blocks that are kept for the next of their size with their free neighbours; false when there were none.
  bool give_back_kept();
  /// The same, and before it takes in what others hold for this heap.
  bool reclaim();

  /// Where pages come from; and from where they do from now on: its `allocate` may free blocks of this heap.
  [[nodiscard]] const PageSource& page_source() const { return configuration_.pages; }
  void replace_page_source(const PageSource& pages) { configuration_.pages = pages; }

  [[nodiscard]] HeapStatistics statistics() const;

  /// Checks each header, link and list of the heap: true when all is as it must be. O(blocks); reports nothing.
  [[nodiscard]] bool is_sound() const;

 private:
  // Classes of free blocks by size in granules of 16 bytes: 16 of one granule, then 16 for each power of two up to 1
  // MiB.
  static constexpr std::size_t kClasses = 13 * 16;
  static constexpr std::size_t kClassWords = (kClasses + 63) / 64;

  friend struct HeapTable;

  [[noreturn]] void fault(HeapFault fault, const void* block) const;
  [[nodiscard]] bool is_intact(const Block& block) const;
  [[nodiscard]] std::uint64_t key(const Block& block) const;
  [[nodiscard]] std::uint8_t state_of(const Block& block) const;
  void write(Block& block, std::uint8_t state, std::size_t granules, std::size_t previous) const;
  void set_previous(Block& block, std::size_t previous) const;
  [[nodiscard]] Block& live_block(const void* payload) const;
  [[nodiscard]] Block* checked_link(Block* link) const;

  void link(Block& block);
  void unlink(Block& block);
  void resize_free(Block& block, std::size_t granules, std::size_t previous);
  [[nodiscard]] Block* find(std::size_t granules) const;
  [[nodiscard]] Block* find_or_grow(std::size_t granules);
  [[nodiscard]] void* finish(Block& block);
  [[nodiscard]] void* take_kept(std::size_t size);
  void give(Block& block);
  void release(Block& block);
  void trim(Block& block, std::size_t granules);

  [[nodiscard]] Region* obtain(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] bool grow(std::size_t granules);
  void drop(Region& region);
  [[nodiscard]] void* allocate_large(std::size_t size, std::size_t alignment);
  [[nodiscard]] bool resize_in_place(Block& block, std::size_t size);
  [[nodiscard]] std::size_t payload_bytes(const Block& block) const;
  void count_growth(std::size_t bytes);

  HeapConfiguration configuration_;
  QuickBlocks& quick_;
  HeapStatistics statistics_;  // what is kept is in use here
  Region* regions_ = nullptr;
  Block* spare_ = nullptr;                             // the only block of the one empty region that is kept
  std::array<std::uint64_t, kClassWords> occupied_{};  // bit set: the class has a free block
  std::array<Block*, kClasses> free_{};
};

}  // namespace toro::memory
