// The page tables: identity mapped, each page with the least rights that it needs, nothing where nothing is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::arch::paging {

inline constexpr std::size_t kPageSize = 4096;

/// Rights of a page. There is no writable and executable one. [SDM 3A 4.6]
enum class Access : std::uint8_t {
  none,          ///< not mapped: every access faults
  read,          ///< constants
  read_execute,  ///< code
  read_write,    ///< data, never executed
  device,        ///< registers: read and written, not cached
};

/// Gives one zeroed page for a table, or 0 when memory is out.
using TablePageSource = std::uintptr_t (*)();

/// Builds new tables in which nothing is mapped; activate() makes them the processor's.
void create(TablePageSource source);

/// Sets the rights of [begin, end), page aligned, and takes effect at once, on every core, where the tables are active.
/// Uses the largest pages that fit and splits them where a part differs. Any context but NMI; other cores must not be
/// kept from interrupts meanwhile, but by a SpinLock. Returns false when a table page was needed and memory
/// was out: rights may then have been set in part.
[[nodiscard]] bool set_access(std::uintptr_t begin, std::uintptr_t end, Access access);

/// The rights of the page that holds `address`.
[[nodiscard]] Access access_at(std::uintptr_t address);

/// One past the last byte from `address` on that has the same rights (a bound on the address space where all the rest
/// has). Does not look further than `limit`: what is at or beyond it may be told instead.
[[nodiscard]] std::uintptr_t end_of_same_access(std::uintptr_t address, std::uintptr_t limit = UINTPTR_MAX);

/// Switches the calling core to the tables.
void activate();

/// Turns on SMEP, SMAP and UMIP where the processor has them. First of all at boot: a machine that translates code
/// keeps translations by these bits, and would translate again what ran before.
void enable_protections();

}  // namespace toro::arch::paging
