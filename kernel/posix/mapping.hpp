// Pages that the application maps.
#pragma once

#include "kernel/posix/syscall.hpp"

namespace toro::posix {

// [Linux include/uapi/asm-generic/mman-common.h]
inline constexpr std::uint64_t kProtectRead = 1;
inline constexpr std::uint64_t kProtectWrite = 2;
inline constexpr std::uint64_t kMapPrivate = 2;
inline constexpr std::uint64_t kMapFixed = 0x10;
inline constexpr std::uint64_t kMapAnonymous = 0x20;

/// Pages of zeros for `bytes` bytes; their address, or Error::invalid, Error::access (writable and executable),
/// Error::no_memory. Threads.
Result map_pages(std::size_t bytes, std::uint64_t protection);
/// Error::invalid where not all of them are the application's.
Result unmap_pages(std::uintptr_t begin, std::size_t bytes);
/// Error::no_memory where not all of them are the application's.
Result protect_pages(std::uintptr_t begin, std::size_t bytes, std::uint64_t protection);

}  // namespace toro::posix
