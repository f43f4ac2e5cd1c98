// The public face of the memory unit beyond the heap: figures, and attributes of pages.
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/include/toro/memory.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::memory {

Statistics statistics() {
  const PageStatistics pages = page_statistics();
  const HeapStatistics blocks = heap().statistics();
  return {.share = pages.share_bytes,
          .free = pages.free_bytes,
          .largest_free = pages.largest_free_bytes,
          .borrowed = pages.borrowed_bytes,
          .kept_stacks = pages.kept_stack_bytes,
          .heap = blocks.region_bytes,
          .heap_used = blocks.bytes_in_use,
          .heap_kept = blocks.kept_bytes,
          .heap_peak = blocks.peak_bytes,
          .blocks = blocks.blocks,
          .freed_for_others = freed_for_others()};
}

void settle() {
  send_all_home();
  heap().reclaim();
  give_back_stacks();
}

std::expected<void, AttributeError> set_caching(void* address, std::size_t size, Caching caching) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  if (begin % kPageSize != 0 || size % kPageSize != 0) return std::unexpected{AttributeError::not_page_aligned};
  using arch::paging::Access;
  if (!arch::paging::set_access(begin, begin + size, caching == Caching::cached ? Access::read_write : Access::device))
    return std::unexpected{AttributeError::out_of_memory};
  return {};
}

}  // namespace toro::memory
