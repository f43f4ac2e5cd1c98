#include "kernel/memory/page_ranges.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

using toro::memory::kPageSize;
using toro::memory::PageError;
using toro::memory::PageRange;
using toro::memory::PageRanges;

namespace {

// Real memory to allocate from, aligned to 2 MiB.
class Arena {
 public:
  explicit Arena(std::size_t pages)
      : memory_{std::aligned_alloc(2 << 20, (pages * kPageSize + (2 << 20) - 1) & ~std::size_t{(2 << 20) - 1})} {
    REQUIRE(memory_ != nullptr);
  }
  ~Arena() { std::free(memory_); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  [[nodiscard]] std::uintptr_t page(std::size_t index) const {
    return reinterpret_cast<std::uintptr_t>(memory_) + index * kPageSize;
  }

 private:
  void* memory_;
};

std::vector<PageRange> all(const PageRanges& pages) {
  std::vector<PageRange> ranges;
  for (PageRange range = pages.next(0); range.pages != 0; range = pages.next(range.end())) ranges.push_back(range);
  return ranges;
}

}  // namespace

TEST_CASE("an empty allocator has nothing") {
  PageRanges pages;
  CHECK(pages.allocate(1) == std::unexpected{PageError::exhausted});
  CHECK(pages.free_bytes() == 0);
  CHECK(pages.largest_bytes() == 0);
  CHECK(pages.next(0).pages == 0);
}

TEST_CASE("first fit takes the lowest address, and freed neighbours join") {
  Arena arena{8};
  PageRanges pages;
  REQUIRE(pages.add({arena.page(0), 8}));
  CHECK(pages.allocate(1) == arena.page(0));
  CHECK(pages.allocate(2) == arena.page(1));
  CHECK(pages.allocate(5) == arena.page(3));
  CHECK(pages.allocate(1) == std::unexpected{PageError::exhausted});
  CHECK(pages.free(arena.page(0), 1));
  CHECK(pages.free(arena.page(3), 5));
  CHECK(all(pages).size() == 2);
  CHECK(pages.largest_bytes() == 5 * kPageSize);
  CHECK(pages.allocate(6) == std::unexpected{PageError::exhausted});
  CHECK(pages.free(arena.page(1), 2));
  CHECK(all(pages).size() == 1);
  CHECK(pages.allocate(8) == arena.page(0));
}

TEST_CASE("alignment leaves both remainders free") {
  Arena arena{64};
  PageRanges pages;
  REQUIRE(pages.add({arena.page(1), 40}));
  CHECK(pages.allocate(3, 16 * kPageSize) == arena.page(16));
  REQUIRE(all(pages).size() == 2);
  CHECK(pages.free_bytes() == 37 * kPageSize);
  CHECK(pages.allocate(10, 16 * kPageSize) == std::unexpected{PageError::exhausted});
  CHECK(pages.allocate(9, 16 * kPageSize) == arena.page(32));
  CHECK(pages.allocate(1, std::size_t{1} << 62) == std::unexpected{PageError::exhausted});
}

TEST_CASE("wrong calls are errors and change nothing") {
  Arena arena{16};
  PageRanges pages;
  REQUIRE(pages.add({arena.page(2), 8}));
  CHECK(pages.add({0, 1}) == std::unexpected{PageError::bad_range});
  CHECK(pages.add({arena.page(12) + 1, 1}) == std::unexpected{PageError::bad_range});
  CHECK(pages.add({arena.page(12), 0}) == std::unexpected{PageError::bad_range});
  CHECK(pages.add({arena.page(12), SIZE_MAX / kPageSize}) == std::unexpected{PageError::bad_range});
  CHECK(pages.add({arena.page(1), 2}) == std::unexpected{PageError::overlap});
  CHECK(pages.add({arena.page(9), 2}) == std::unexpected{PageError::overlap});
  CHECK(pages.allocate(0) == std::unexpected{PageError::bad_range});
  CHECK(pages.allocate(1, 0) == std::unexpected{PageError::bad_alignment});
  CHECK(pages.allocate(1, 2048) == std::unexpected{PageError::bad_alignment});
  CHECK(pages.allocate(1, 3 * kPageSize) == std::unexpected{PageError::bad_alignment});
  CHECK(pages.allocate(SIZE_MAX) == std::unexpected{PageError::exhausted});
  CHECK(pages.free(arena.page(0), 1) == std::unexpected{PageError::foreign});
  CHECK(pages.free(arena.page(9), 2) == std::unexpected{PageError::foreign});
  CHECK(pages.free(arena.page(2), 1) == std::unexpected{PageError::overlap});

  const auto block = pages.allocate(4);
  REQUIRE(block == arena.page(2));
  CHECK(pages.free(*block, 5) == std::unexpected{PageError::overlap});
  CHECK(pages.free(*block, 4));
  CHECK(pages.free(*block, 4) == std::unexpected{PageError::overlap});
  CHECK(pages.free(*block + kPageSize, 1) == std::unexpected{PageError::overlap});
  REQUIRE(all(pages).size() == 1);
  CHECK(pages.free_bytes() == 8 * kPageSize);
}

TEST_CASE("parts of an allocation may come back one by one") {
  Arena arena{8};
  PageRanges pages;
  REQUIRE(pages.add({arena.page(0), 8}));
  REQUIRE(pages.allocate(8));
  for (const std::size_t index : {6u, 0u, 4u, 2u, 3u, 1u, 7u, 5u}) CHECK(pages.free(arena.page(index), 1));
  CHECK(all(pages).size() == 1);
}

TEST_CASE("memory given in pieces, in any order, is one range") {
  Arena arena{64};
  PageRanges pages;
  for (std::size_t i = 0; i < 64; i += 2) REQUIRE(pages.add({arena.page(i), 1}));
  CHECK(all(pages).size() == 32);
  for (std::size_t i = 63; i < 64; i -= 2) REQUIRE(pages.add({arena.page(i), 1}));
  CHECK(all(pages).size() == 1);
  CHECK(pages.largest_bytes() == 64 * kPageSize);
}

TEST_CASE("random traces agree with a set of pages") {
  constexpr std::size_t kPages = 1500;
  Arena arena{kPages};
  for (unsigned seed = 1; seed <= 8; ++seed) {
    std::mt19937 random{seed};
    PageRanges pages;
    REQUIRE(pages.add({arena.page(0), kPages}));
    std::vector<bool> is_free(kPages, true);
    std::vector<PageRange> taken;
    for (int step = 0; step < 4000; ++step) {
      if (random() % 2 == 0 || taken.empty()) {
        const std::size_t wanted = 1 + random() % (random() % 8 == 0 ? 60 : 4);
        const std::size_t step_pages = random() % 4 == 0 ? std::size_t{1} << random() % 6 : 1;
        std::size_t expected = kPages;
        for (std::size_t first = 0; first + wanted <= kPages && expected == kPages; first += step_pages) {
          bool fits = true;
          for (std::size_t i = 0; i < wanted && fits; ++i) fits = is_free[first + i];
          if (fits) expected = first;
        }
        const auto got = pages.allocate(wanted, step_pages * kPageSize);
        if (expected == kPages) {
          REQUIRE(got == std::unexpected{PageError::exhausted});
        } else {
          REQUIRE(got == arena.page(expected));
          std::memset(reinterpret_cast<void*>(*got), 0xa5, wanted * kPageSize);
          for (std::size_t i = 0; i < wanted; ++i) is_free[expected + i] = false;
          taken.push_back({*got, wanted});
        }
      } else {
        const std::size_t index = random() % taken.size();
        const PageRange range = taken[index];
        taken[index] = taken.back();
        taken.pop_back();
        REQUIRE(pages.free(range.address, range.pages));
        const std::size_t first = (range.address - arena.page(0)) / kPageSize;
        for (std::size_t i = 0; i < range.pages; ++i) is_free[first + i] = true;
        REQUIRE(pages.free(range.address, range.pages) == std::unexpected{PageError::overlap});
      }
      if (step % 16 != 0) continue;
      std::size_t count = 0;
      std::size_t longest = 0;
      std::size_t run = 0;
      for (const bool free : is_free) {
        run = free ? run + 1 : 0;
        count += free ? 1 : 0;
        longest = std::max(longest, run);
      }
      REQUIRE(pages.free_bytes() == count * kPageSize);
      REQUIRE(pages.largest_bytes() == longest * kPageSize);
      std::size_t listed = 0;
      std::uintptr_t end = 0;
      for (const PageRange& range : all(pages)) {
        REQUIRE(range.address > end);  // never touching: else they would have been joined
        end = range.end();
        listed += range.pages;
      }
      REQUIRE(listed == count);
    }
    for (const PageRange& range : taken) REQUIRE(pages.free(range.address, range.pages));
    CHECK(all(pages).size() == 1);
    CHECK(pages.free_bytes() == kPages * kPageSize);
  }
}

TEST_CASE("runs are found from a place on, also within a run, and below it only where that is asked") {
  Arena arena{64};
  PageRanges pages;
  REQUIRE(pages.add({arena.page(0), 20}));
  REQUIRE(pages.add({arena.page(30), 30}));
  CHECK(pages.allocate(4, kPageSize, arena.page(10)) == arena.page(10));
  CHECK(pages.allocate(6, kPageSize, arena.page(10)) == arena.page(14));
  CHECK(pages.allocate(1, kPageSize, arena.page(10)) == arena.page(30));
  CHECK(pages.allocate(2, 8 * kPageSize, arena.page(33)) == arena.page(40));
  CHECK(pages.allocate(8, kPageSize, arena.page(55)) == std::unexpected{PageError::exhausted});
  CHECK(pages.allocate(5, kPageSize, arena.page(55)) == arena.page(55));
  CHECK(pages.allocate(1, kPageSize, arena.page(60)) == std::unexpected{PageError::exhausted});
  CHECK(pages.allocate(10) == arena.page(0));
  for (std::size_t from = 0; from < 64; ++from) {
    std::size_t expected = from < 31 ? 31 : from < 40 ? from : from < 42 ? 42 : from;
    const auto got = pages.allocate(1, kPageSize, arena.page(from));
    if (expected >= 55) {
      CHECK(got == std::unexpected{PageError::exhausted});
    } else {
      REQUIRE(got == arena.page(expected));
      REQUIRE(pages.free(*got, 1));
    }
  }
}
