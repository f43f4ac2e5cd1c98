// The heap of the calling core: what malloc and new are made of.
#pragma once

#include <cstddef>

namespace toro::heap {

/// A block of at least `size` bytes at a multiple of `alignment` (a power of two, at least 16 in effect), or null when
/// memory is out or the alignment is none. Contents are undefined. Any thread.
[[nodiscard]] void* allocate(std::size_t size, std::size_t alignment = 16);

/// Frees a block; null is allowed. A block freed twice, or overrun, ends in a panic that says so.
void free(void* block);

/// As C's realloc, but a size of 0 keeps a block.
[[nodiscard]] void* reallocate(void* block, std::size_t size);

/// Bytes that may be used of a block.
[[nodiscard]] std::size_t usable_size(const void* block);

}  // namespace toro::heap
