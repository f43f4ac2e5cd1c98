// The free pages of one core: contiguous runs, kept in address order inside the free memory itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

namespace toro::memory {

inline constexpr std::size_t kPageSize = 4096;

/// A run of whole pages. `address` is a multiple of kPageSize; memory is identity mapped, so it is physical and
/// virtual.
struct PageRange {
  std::uintptr_t address = 0;
  std::size_t pages = 0;

  [[nodiscard]] constexpr std::uintptr_t end() const { return address + pages * kPageSize; }
};

enum class PageError : std::uint8_t {
  exhausted,      ///< no free run is long enough at that alignment
  bad_alignment,  ///< not a power of two, or less than a page
  bad_range,      ///< no pages, an address that is zero or within a page, or an end beyond the address space
  overlap,        ///< some of these pages are free already: a double free, or an add of known memory
  foreign,        ///< below or above everything that was ever added
};

/// Allocator of contiguous runs of pages: first fit at the lowest address, so equal calls give equal addresses.
///
/// The free runs are the nodes of a treap ordered by address, each node in the first 32 bytes of its run and knowing
/// the longest run below it. There is no other metadata and nothing to prepare at boot but one node for each range
/// added. With n free runs: allocate of page alignment and free are O(log n) expected, allocate of larger alignment may
/// also look at each run that is long enough but wrongly placed. Memory must be mapped and writable. Any context of the
/// owning core; not reentrant.
class PageRanges {
 public:
  constexpr PageRanges() = default;
  PageRanges(const PageRanges&) = delete;
  PageRanges& operator=(const PageRanges&) = delete;

  /// Gives new memory to the allocator. Joined with its neighbours where they touch.
  [[nodiscard]] std::expected<void, PageError> add(PageRange range);

  /// `pages` > 0 contiguous pages at a multiple of `alignment` bytes, at `from` or above. Contents are undefined.
  [[nodiscard]] std::expected<std::uintptr_t, PageError> allocate(std::size_t pages, std::size_t alignment = kPageSize,
                                                                  std::uintptr_t from = 0);

  /// Takes back pages, all or part of what one allocate gave, or of several that touch.
  [[nodiscard]] std::expected<void, PageError> free(std::uintptr_t address, std::size_t pages);

  /// Bytes free, and bytes of the longest free run.
  [[nodiscard]] std::size_t free_bytes() const { return free_pages_ * kPageSize; }
  [[nodiscard]] std::size_t largest_bytes() const;

  /// The lowest free run that starts at `from` or above; `pages` is 0 when there is none. O(log n). To list all:
  /// `for (auto r = p.next(0); r.pages != 0; r = p.next(r.end()))`.
  [[nodiscard]] PageRange next(std::uintptr_t from) const;

 private:
  struct Run;
  [[nodiscard]] std::expected<void, PageError> give(PageRange range);
  void insert(PageRange range);
  void remove(const Run& run);
  static void insert(Run*& root, Run& run);
  static void remove(Run*& root, const Run& run);
  static void split(Run* root, const Run& at, Run*& below, Run*& above);
  static Run* merge(Run* below, Run* above);
  static const Run* first_fit(const Run* root, std::size_t pages, std::size_t alignment, std::uintptr_t from);

  Run* root_ = nullptr;
  std::size_t free_pages_ = 0;
  std::uintptr_t lowest_ = 0;
  std::uintptr_t highest_ = 0;  // 0: nothing was added yet
};

}  // namespace toro::memory
