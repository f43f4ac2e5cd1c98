#include "kernel/memory/shares.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

using toro::memory::divide;
using toro::memory::kPageSize;
using toro::memory::NodeRange;
using toro::memory::PageRange;

namespace {

struct Part {
  unsigned core;
  PageRange range;
};

constexpr std::uintptr_t page(std::size_t number) {
  return number * kPageSize;
}

std::vector<Part> parts_of(const std::vector<NodeRange>& ram, const std::vector<std::uint32_t>& nodes) {
  std::vector<Part> parts;
  divide(
      ram, static_cast<unsigned>(nodes.size()), [&](unsigned core) { return nodes[core]; },
      [&](unsigned core, PageRange range) {
        REQUIRE(core < nodes.size());
        parts.push_back({core, range});
      });
  return parts;
}

std::size_t pages_of(const std::vector<Part>& parts, unsigned core) {
  std::size_t pages = 0;
  for (const Part& part : parts) pages += part.core == core ? part.range.pages : 0;
  return pages;
}

// Every page of `ram` is in one part, and nothing else is.
void check_cover(std::vector<Part> parts, const std::vector<NodeRange>& ram) {
  std::sort(parts.begin(), parts.end(), [](auto& a, auto& b) { return a.range.address < b.range.address; });
  std::size_t next = 0;
  for (const NodeRange& range : ram) {
    std::uintptr_t at = range.begin;
    while (at < range.end) {
      REQUIRE(next < parts.size());
      REQUIRE(parts[next].range.address == at);
      at = parts[next++].range.end();
    }
    REQUIRE(at == range.end);
  }
  CHECK(next == parts.size());
}

}  // namespace

TEST_CASE("one core has all") {
  const std::vector<NodeRange> ram{{page(1), page(160), 0}, {page(256), page(9000), 0}};
  const auto parts = parts_of(ram, {0});
  CHECK(parts.size() == 2);
  check_cover(parts, ram);
}

TEST_CASE("cores of one node have the same to a page, in their order by address") {
  const std::vector<NodeRange> ram{
      {page(1), page(160), 0}, {page(256), page(9001), 0}, {page(100000), page(100003), 0}};
  for (unsigned cores = 1; cores <= 64; ++cores) {
    CAPTURE(cores);
    const auto parts = parts_of(ram, std::vector<std::uint32_t>(cores, 0));
    check_cover(parts, ram);
    const std::size_t total = 159 + 8745 + 3;
    for (unsigned core = 0; core < cores; ++core) {
      CHECK(pages_of(parts, core) >= total / cores);
      CHECK(pages_of(parts, core) <= total / cores + 1);
    }
    CHECK(std::is_sorted(parts.begin(), parts.end(), [](auto& a, auto& b) { return a.core < b.core; }));
  }
}

TEST_CASE("a node's memory is its cores', and that of a node without cores everybody's") {
  const std::vector<NodeRange> ram{
      {page(1), page(101), 7}, {page(200), page(300), 2}, {page(300), page(350), 7}, {page(400), page(440), 9}};
  const auto parts = parts_of(ram, {7, 2, 7, 2});
  check_cover(parts, ram);
  CHECK(pages_of(parts, 0) == 75 + 10);
  CHECK(pages_of(parts, 1) == 50 + 10);
  CHECK(pages_of(parts, 2) == 75 + 10);
  CHECK(pages_of(parts, 3) == 50 + 10);
  for (const Part& part : parts)
    if (part.range.address >= page(200) && part.range.address < page(300)) CHECK(part.core % 2 == 1);
}

TEST_CASE("fewer pages than cores") {
  const std::vector<NodeRange> ram{{page(5), page(8), 0}};
  const auto parts = parts_of(ram, {0, 0, 0, 0, 0});
  check_cover(parts, ram);
  CHECK(parts.size() == 3);
  CHECK(parts_of({}, {0, 0}).empty());
}
