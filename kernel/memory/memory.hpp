// The core's memory: its free pages and its heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/memory/heap.hpp"
#include "kernel/memory/page_ranges.hpp"

namespace toro::memory {

/// Where cores are told to start: a page below 1 MiB that is never given away.
inline constexpr std::uintptr_t kCoreEntryPage = kPageSize;

/// `pages` pages at a multiple of `alignment`, or 0 when memory is out. Readable and writable; contents are undefined.
/// Any thread.
[[nodiscard]] std::uintptr_t allocate_pages(std::size_t pages, std::size_t alignment = kPageSize);
/// The same, zeroed.
[[nodiscard]] std::uintptr_t allocate_zeroed_pages(std::size_t pages);

/// Gives pages back, with the rights of data again; false when they are not all allocated.
[[nodiscard]] bool free_pages(std::uintptr_t address, std::size_t pages);

/// A stack of `pages` > 0 pages with a guard page below: the address of its lowest usable byte, or 0. Contents are
/// undefined. Any thread.
[[nodiscard]] std::uintptr_t allocate_stack(std::size_t pages);
/// Frees a stack, on any core. It is kept there for the next one of its size, with its guard page, so that a thread
/// that takes the place of another one costs no change of the page tables.
void free_stack(std::uintptr_t low, std::size_t pages);

/// Frees the stacks that this core keeps; false when there were none.
bool give_back_stacks();

struct PageStatistics {
  std::size_t share_bytes = 0;         ///< of RAM, that are the core's
  std::size_t free_bytes = 0;          ///< of these
  std::size_t largest_free_bytes = 0;  ///< the longest run of them
  std::size_t borrowed_bytes = 0;      ///< that the core ever took of other cores' shares
  std::size_t kept_stack_bytes = 0;    ///< in stacks that are kept for the next thread
};
/// The calling core's. Any thread.
[[nodiscard]] PageStatistics page_statistics();

/// Bytes of pages that are free, of all cores.
[[nodiscard]] std::size_t free_bytes();

/// At boot: a part of RAM becomes the core's; all such parts within [from, to) can be allocated from now on; and a
/// core's runs are looked for from a place on that `random` chooses.
void add_share(unsigned core, PageRange range);
void open_shares(std::uintptr_t from, std::uintptr_t to);
void place_share(unsigned core, std::uint64_t random);

/// Of each core, whose heap is made in it at boot.
struct alignas(64) HeapStorage {
  unsigned char bytes[sizeof(Heap)];
};
extern arch::PerCore<HeapStorage> heaps;

/// The heap of this core, for the kernel and the application. Any thread, not interrupts.
[[nodiscard]] Heap& heap();

/// Another core's: of it only what the class allows any core.
[[nodiscard]] Heap& heap_on(unsigned core);

/// The other core that a block belongs to; nothing for one of this core, or what is no block.
[[nodiscard]] std::optional<unsigned> home_elsewhere(const void* block);

/// Frees another core's block: in a batch with the next ones. Any thread.
void send_home(void* block, unsigned owner);
/// Offers what is left to the cores that it belongs to, and says how many blocks there were ever. Any thread.
void send_all_home();
[[nodiscard]] std::uint64_t freed_for_others();

}  // namespace toro::memory
