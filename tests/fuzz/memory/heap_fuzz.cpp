// Traces of heap calls, three bytes each, checked against the contents that blocks must keep.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "kernel/memory/heap.hpp"
#include "kernel/memory/page_ranges.hpp"

using toro::memory::Heap;
using toro::memory::kPageSize;
using toro::memory::PageRanges;
using toro::memory::QuickBlocks;

namespace {

constexpr std::size_t kPages = 512;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Live {
  unsigned char* block = nullptr;
  std::size_t size = 0;
  unsigned char mark = 0;
};

// Sizes of all magnitudes from one byte: up to 15 << 15 bytes, with neighbours of round values.
std::size_t size_of(std::uint8_t code) {
  return (std::size_t{code} & 15) << (code >> 4);
}

// Only both ends of a block are marked: an overlap of two blocks has an end in one of them.
constexpr std::size_t kMarked = 48;

void check(const Live& live, std::size_t size) {
  const auto is_mark = [&](unsigned char byte) { return byte == live.mark; };
  require(std::all_of(live.block, live.block + std::min(size, kMarked), is_mark));
  if (size == live.size) require(std::all_of(live.block + size - std::min(size, kMarked), live.block + size, is_mark));
}

void fill(Live& live, void* block, std::size_t size, unsigned char mark) {
  live = {static_cast<unsigned char*>(block), size, mark};
  std::memset(live.block, mark, std::min(size, kMarked));
  std::memset(live.block + size - std::min(size, kMarked), mark, std::min(size, kMarked));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static void* const memory = std::aligned_alloc(kPageSize, kPages * kPageSize);
  PageRanges pages;
  require(pages.add({reinterpret_cast<std::uintptr_t>(memory), kPages}).has_value());
  QuickBlocks quick;
  Heap heap{{.pages = {.context = &pages,
                       .allocate =
                           [](void* context, std::size_t count, std::size_t alignment) {
                             return static_cast<PageRanges*>(context)->allocate(count, alignment).value_or(0);
                           },
                       .free =
                           [](void* context, std::uintptr_t address, std::size_t count) {
                             require(static_cast<PageRanges*>(context)->free(address, count).has_value());
                           }},
             .on_fault = [](toro::memory::HeapFault, const void*) { std::abort(); },
             .secret = 0xfeed'beef'1234'5678,
             .owner = 3},
            quick};
  std::array<Live, 64> table{};
  std::span<const std::uint8_t> input{data, std::min(size, std::size_t{3000})};
  for (; input.size() >= 3; input = input.subspan(3)) {
    Live& live = table[input[0] & 63];
    const std::size_t wanted = size_of(input[1]) + (input[2] & 31);
    const unsigned char mark = static_cast<unsigned char>(input[2] ^ input[1]);
    if (live.block == nullptr) {
      const std::size_t alignment = input[0] < 128 ? 16 : std::size_t{1} << (input[2] >> 4);
      void* const block = heap.allocate(wanted, alignment);
      if (block == nullptr) continue;
      require(reinterpret_cast<std::uintptr_t>(block) % alignment == 0 && heap.usable_size(block) >= wanted);
      fill(live, block, wanted, mark);
    } else if (input[0] < 128) {
      check(live, live.size);
      heap.free(live.block);
      live = {};
    } else {
      check(live, live.size);
      void* const moved = heap.reallocate(live.block, wanted);
      if (moved == nullptr) continue;
      live.block = static_cast<unsigned char*>(moved);
      check(live, std::min(wanted, live.size));
      fill(live, moved, wanted, mark);
    }
    if (input.size() % 32 == 0) require(heap.is_sound());
  }
  for (Live& live : table) {
    if (live.block == nullptr) continue;
    check(live, live.size);
    heap.free(live.block);
  }
  heap.give_back_kept();
  require(heap.is_sound() && heap.statistics().blocks == 0 && heap.statistics().regions <= 1);
  require(pages.free_bytes() + heap.statistics().region_bytes == kPages * kPageSize);
  return 0;
}
