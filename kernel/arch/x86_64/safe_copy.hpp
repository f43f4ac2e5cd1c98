// Copies memory that may not be there: a fault ends the copy instead of the kernel.
#pragma once

#include <cstddef>

namespace toro::arch {

/// Copies up to `size` bytes, lowest address first, and returns how many were copied: fewer than `size` where reading
/// `from` or writing `to` faulted (not mapped, not writable, not canonical). Any context, also within exceptions.
/// Aligned pieces of 2, 4 and 8 bytes are copied by one access each when `size` is exactly that (device registers).
[[nodiscard]] std::size_t copy_safely(void* to, const void* from, std::size_t size);

}  // namespace toro::arch
