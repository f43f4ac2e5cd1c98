// The core's memory: its free pages and its heap.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/memory/heap.hpp"
#include "kernel/memory/page_ranges.hpp"

namespace toro::memory {

/// `pages` pages at a multiple of `alignment`, or 0 when memory is out. Readable and writable; contents are undefined.
/// Any thread.
[[nodiscard]] std::uintptr_t allocate_pages(std::size_t pages, std::size_t alignment = kPageSize);
/// The same, zeroed.
[[nodiscard]] std::uintptr_t allocate_zeroed_pages(std::size_t pages);

/// Gives pages back, with the rights of data again; false when they are not all allocated.
[[nodiscard]] bool free_pages(std::uintptr_t address, std::size_t pages);

/// A stack of `pages` pages with a guard page below: the address of its lowest usable byte, or 0.
[[nodiscard]] std::uintptr_t allocate_stack(std::size_t pages);

/// Bytes of pages that are free.
[[nodiscard]] std::size_t free_bytes();

/// The heap of this core, for the kernel and the application. Any thread, not interrupts.
[[nodiscard]] Heap& heap();

}  // namespace toro::memory
