// What a core's memory is in, and rights of pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

namespace toro::memory {

/// Of one core; sizes are bytes.
struct Statistics {
  std::size_t share = 0;               ///< of RAM, divided between the cores at boot
  std::size_t free = 0;                ///< pages of the share that nobody uses
  std::size_t largest_free = 0;        ///< the longest run of them
  std::size_t borrowed = 0;            ///< ever taken of other cores' shares, when the own one had no run so long
  std::size_t kept_stacks = 0;         ///< in stacks of ended threads, kept for the next ones
  std::size_t heap = 0;                ///< pages that the core's heap holds, its own or borrowed
  std::size_t heap_used = 0;           ///< of these in live blocks
  std::size_t heap_kept = 0;           ///< in freed blocks that are kept for the next of their size
  std::size_t heap_peak = 0;           ///< the most that both together ever were
  std::size_t blocks = 0;              ///< live blocks
  std::uint64_t freed_for_others = 0;  ///< blocks of other cores that were freed here, ever
};

/// The calling core's; of another one: `run_on(core, toro::memory::statistics)`. Threads only.
[[nodiscard]] Statistics statistics();

/// Joins what is kept for the next allocation with the free memory around it, and sends blocks of other cores home:
/// for a core that will not allocate for long, and for exact figures. Threads only.
void settle();

enum class Caching : std::uint8_t {
  cached,
  uncached,  ///< each access reaches the memory, or the device, at once and in order
};

enum class AttributeError : std::uint8_t {
  not_page_aligned,  ///< address or size is no multiple of 4096
  out_of_memory,     ///< for a page table: some of the pages may have been changed
};

/// Sets how `size` bytes of data from `address` on are cached, on all cores. They are readable and writable then.
/// Threads only.
[[nodiscard]] std::expected<void, AttributeError> set_caching(void* address, std::size_t size, Caching caching);

}  // namespace toro::memory
