// The pages of each core: its share of RAM, what it borrows of the others', and stacks that are kept for the next
// thread.
#include <cstring>

#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/memory/memory.hpp"
#include "kernel/panic.hpp"

namespace toro::memory {
namespace {

using arch::paging::Access;

/// The free pages of a core's share. The lock is taken for runs of pages only, by the core itself but when another one
/// is dry, or gives borrowed pages back.
struct alignas(64) Pool {
  arch::SpinLock lock;
  PageRanges pages;
  std::uintptr_t start = 0;     ///< where the core's runs are looked for first
  std::size_t total_pages = 0;  ///< of the share
};
constinit Pool pools[arch::kMaxCores]{};

/// Pages that this core ever took of other cores' shares.
TORO_PER_CORE(std::size_t, borrowed);

struct Part {
  PageRange range;
  unsigned core = 0;
};
constexpr std::size_t kMaxParts = 256;
constinit Part parts[kMaxParts]{};
constinit std::size_t part_count = 0;

const Part* part_at(std::uintptr_t address) {
  for (std::size_t i = 0; i < part_count; ++i)
    if (parts[i].range.address <= address && address < parts[i].range.end()) return &parts[i];
  return nullptr;
}

std::uintptr_t take(unsigned core, std::size_t count, std::size_t alignment) {
  Pool& pool = pools[core];
  const arch::SpinLockGuard guard(pool.lock);
  if (const auto placed = pool.pages.allocate(count, alignment, pool.start)) return *placed;
  return pool.pages.allocate(count, alignment).value_or(0);
}

/// From the cores of the same node first, beginning with the next one.
std::uintptr_t borrow(std::size_t count, std::size_t alignment) {
  const unsigned self = arch::this_core();
  for (const bool near : {true, false}) {
    for (unsigned distance = 1; distance < arch::toro_core_count; ++distance) {
      const unsigned core = (self + distance) % arch::toro_core_count;
      if ((arch::toro_core_entries[core].node == arch::toro_core_entries[self].node) != near) continue;
      const std::uintptr_t address = take(core, count, alignment);
      if (address == 0) continue;
      *borrowed += count;
      return address;
    }
  }
  return 0;
}

/// Stacks of ended threads, their guard pages in place, by size. A program has few sizes of stack.
struct KeptStacks {
  static constexpr std::size_t kMaxPages = 2048;  ///< of all together
  struct Kept {
    Kept* next;
  };
  struct Size {
    std::size_t pages;  ///< 0: not in use
    Kept* first;
  };
  Size sizes[4];
  std::size_t pages;

  Size* find(std::size_t count) {
    for (Size& size : sizes)
      if (size.pages == count) return &size;
    return nullptr;
  }
};
TORO_PER_CORE(KeptStacks, kept_stacks);

// At the top, which is in the cache when a thread has just ended, and written first when the next one starts.
KeptStacks::Kept* kept_at(std::uintptr_t low, std::size_t count) {
  return reinterpret_cast<KeptStacks::Kept*>(low + count * kPageSize) - 1;
}

void release_stack(std::uintptr_t low, std::size_t count) {
  if (!free_pages(low - kPageSize, count + 1)) panic("stack {:#x} of {} pages cannot be freed", low, count);
}

}  // namespace

void add_share(unsigned core, PageRange range) {
  if (part_count == kMaxParts) panic("memory map: more than {} parts", kMaxParts);
  parts[part_count++] = {range, core};
  pools[core].total_pages += range.pages;
}

void open_shares(std::uintptr_t from, std::uintptr_t to) {
  for (std::size_t i = 0; i < part_count; ++i) {
    const PageRange range = parts[i].range;
    const std::uintptr_t begin = range.address < from ? from : range.address;
    const std::uintptr_t end = range.end() < to ? range.end() : to;
    if (begin < end && !pools[parts[i].core].pages.add({begin, (end - begin) / kPageSize}))
      panic("memory map: [{:#x}, {:#x}) overlaps", begin, end);
  }
}

void place_share(unsigned core, std::uint64_t random) {
  // The longest part, so that what lies before the place stays one run: an eighth of it at most.
  const PageRange* longest = nullptr;
  for (std::size_t i = 0; i < part_count; ++i)
    if (parts[i].core == core && (longest == nullptr || parts[i].range.pages > longest->pages))
      longest = &parts[i].range;
  if (longest == nullptr) return;
  pools[core].start = longest->address + random % (longest->pages / 8 + 1) * kPageSize;
}

bool give_back_stacks() {
  if (kept_stacks->pages == 0) return false;
  for (KeptStacks::Size& size : kept_stacks->sizes) {
    while (size.first != nullptr) {
      const std::uintptr_t high = reinterpret_cast<std::uintptr_t>(size.first + 1);
      size.first = size.first->next;
      release_stack(high - size.pages * kPageSize, size.pages);
    }
    size.pages = 0;
  }
  kept_stacks->pages = 0;
  return true;
}

std::uintptr_t allocate_pages(std::size_t count, std::size_t alignment) {
  for (;;) {
    std::uintptr_t address = take(arch::this_core(), count, alignment);
    if (address == 0) address = borrow(count, alignment);
    if (address != 0 || !give_back_stacks()) return address;
  }
}

std::uintptr_t allocate_zeroed_pages(std::size_t count) {
  const std::uintptr_t address = allocate_pages(count);
  if (address != 0) std::memset(reinterpret_cast<void*>(address), 0, count * kPageSize);
  return address;
}

bool free_pages(std::uintptr_t address, std::size_t count) {
  if (!arch::paging::set_access(address, address + count * kPageSize, Access::read_write)) return false;
  while (count != 0) {
    const Part* const part = part_at(address);
    if (part == nullptr) return false;
    const std::size_t rest = (part->range.end() - address) / kPageSize;
    const std::size_t here = count < rest ? count : rest;
    Pool& pool = pools[part->core];
    const arch::SpinLockGuard guard(pool.lock);
    if (!pool.pages.free(address, here)) return false;
    address += here * kPageSize;
    count -= here;
  }
  return true;
}

std::uintptr_t allocate_stack(std::size_t count) {
  KeptStacks& kept = *kept_stacks;
  if (KeptStacks::Size* const size = kept.find(count); size != nullptr && size->first != nullptr) {
    const std::uintptr_t high = reinterpret_cast<std::uintptr_t>(size->first + 1);
    size->first = size->first->next;
    kept.pages -= count;
    return high - count * kPageSize;
  }
  const std::uintptr_t guard = allocate_pages(count + 1);
  if (guard == 0) return 0;
  if (arch::paging::set_access(guard, guard + kPageSize, Access::none)) return guard + kPageSize;
  release_stack(guard + kPageSize, count);
  return 0;
}

void free_stack(std::uintptr_t low, std::size_t count) {
  KeptStacks& kept = *kept_stacks;
  KeptStacks::Size* size = kept.find(count);
  if (size == nullptr) size = kept.find(0);
  if (size == nullptr || kept.pages + count > KeptStacks::kMaxPages) return release_stack(low, count);
  size->pages = count;
  KeptStacks::Kept* const stack = kept_at(low, count);
  stack->next = size->first;
  size->first = stack;
  kept.pages += count;
}

PageStatistics page_statistics() {
  Pool& pool = pools[arch::this_core()];
  const arch::SpinLockGuard guard(pool.lock);
  return {.share_bytes = pool.total_pages * kPageSize,
          .free_bytes = pool.pages.free_bytes(),
          .largest_free_bytes = pool.pages.largest_bytes(),
          .borrowed_bytes = *borrowed * kPageSize,
          .kept_stack_bytes = kept_stacks->pages * kPageSize};
}

std::size_t free_bytes() {
  std::size_t bytes = 0;
  for (unsigned core = 0; core < arch::toro_core_count; ++core) {
    const arch::SpinLockGuard guard(pools[core].lock);
    bytes += pools[core].pages.free_bytes();
  }
  return bytes;
}

}  // namespace toro::memory
