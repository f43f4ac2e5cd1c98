#include "kernel/memory/heap.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kernel/memory/heap_layout.hpp"
#include "kernel/memory/page_ranges.hpp"

using toro::memory::Heap;
using toro::memory::HeapFault;
using toro::memory::kPageSize;
using toro::memory::PageRanges;
using toro::memory::QuickBlocks;

namespace {

struct Fault {
  HeapFault fault;
  const void* block;
};

// A heap over its own pages; a fault becomes an exception.
class Machine {
 public:
  explicit Machine(std::size_t pages, std::uint16_t owner = 5)
      : memory_{std::aligned_alloc(kPageSize, pages * kPageSize)}, pages_total{pages} {
    REQUIRE(memory_ != nullptr);
    std::memset(memory_, 0xcc, pages * kPageSize);
    REQUIRE(pages_.add({reinterpret_cast<std::uintptr_t>(memory_), pages}));
    heap_.emplace(
        toro::memory::HeapConfiguration{
            .pages = {
                .context = &pages_,
                .allocate =
                    [](void* context, std::size_t count, std::size_t alignment) {
                      return static_cast<PageRanges*>(context)->allocate(count, alignment).value_or(0);
                    },
                .free = [](void* context, std::uintptr_t address,
                           std::size_t count) { REQUIRE(static_cast<PageRanges*>(context)->free(address, count)); }},
            .on_fault = [](HeapFault fault, const void* block) { throw Fault{fault, block}; },
            .secret = 0x1234'5678'9abc'def0,
            .owner = owner},
        quick_);
  }
  ~Machine() { std::free(memory_); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Heap* operator->() { return &*heap_; }
  Heap& operator*() { return *heap_; }
  [[nodiscard]] const PageRanges& pages() const { return pages_; }
  [[nodiscard]] QuickBlocks& quick() { return quick_; }

 private:
  void* memory_;
  PageRanges pages_;
  QuickBlocks quick_;
  std::optional<Heap> heap_;

 public:
  const std::size_t pages_total;
};

unsigned char* bytes(void* block) {
  return static_cast<unsigned char*>(block);
}

bool is_aligned(const void* block, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

template <class Function>
std::optional<HeapFault> fault_of(Function function) {
  try {
    function();
  } catch (const Fault& fault) {
    return fault.fault;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a heap takes no pages before its first block") {
  Machine heap{64};
  CHECK(heap.pages().free_bytes() == 64 * kPageSize);
  CHECK(heap->is_sound());
  heap->free(nullptr);
  CHECK(heap->usable_size(nullptr) == 0);
}

TEST_CASE("sizes from nothing to large are writable from end to end, and all comes back") {
  Machine heap{512};
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{17}, std::size_t{64},
        std::size_t{4096}, std::size_t{65536}, Heap::kLargeBytes - 1, Heap::kLargeBytes, std::size_t{1000000}}) {
    CAPTURE(size);
    void* const block = heap->allocate(size);
    REQUIRE(block != nullptr);
    CHECK(is_aligned(block, 16));
    CHECK(heap->usable_size(block) >= size);
    CHECK(Heap::owner_of(block) == 5);
    std::memset(block, 0x5a, heap->usable_size(block));
    CHECK(heap->is_sound());
    CHECK(heap->statistics().blocks == 1);
    heap->free(block);
    CHECK(heap->is_sound());
    CHECK(heap->statistics().bytes_in_use == 0);
  }
  heap->give_back_kept();
  CHECK(heap->statistics().regions == 1);  // the spare one
  CHECK(heap->statistics().region_bytes == Heap::kRegionBytes);
  CHECK(heap->statistics().peak_bytes >= 1000000);
}

TEST_CASE("every alignment at every kind of size") {
  Machine heap{4096};
  std::vector<void*> blocks;
  for (std::size_t alignment = 1; alignment <= 1 << 20; alignment *= 2) {
    for (const std::size_t size : {0u, 1u, 40u, 1000u, 5000u, 300000u}) {
      CAPTURE(alignment);
      CAPTURE(size);
      void* const block = heap->allocate(size, alignment);
      REQUIRE(block != nullptr);
      CHECK(is_aligned(block, std::max(alignment, std::size_t{16})));
      REQUIRE(heap->usable_size(block) >= size);
      std::memset(block, 0x77, heap->usable_size(block));
      blocks.push_back(block);
      if (blocks.size() % 3 == 0) {
        heap->free(blocks.front());
        blocks.erase(blocks.begin());
      }
      REQUIRE(heap->is_sound());
    }
  }
  for (void* block : blocks) heap->free(block);
  heap->give_back_kept();
  CHECK(heap->is_sound());
  CHECK(heap->statistics().blocks == 0);
  CHECK(heap->statistics().regions <= 1);
}

TEST_CASE("impossible requests give null and change nothing") {
  Machine heap{64};
  CHECK(heap->allocate(SIZE_MAX) == nullptr);
  CHECK(heap->allocate(SIZE_MAX - 4096) == nullptr);
  CHECK(heap->allocate(64 * kPageSize) == nullptr);
  CHECK(heap->allocate(10, 0) == nullptr);
  CHECK(heap->allocate(10, 48) == nullptr);
  CHECK(heap->allocate(10, std::size_t{1} << 40) == nullptr);
  CHECK(heap->allocate(10, std::size_t{1} << 63) == nullptr);
  CHECK(heap->allocate(SIZE_MAX, 4096) == nullptr);
  void* const block = heap->allocate(100);
  REQUIRE(block != nullptr);
  std::memset(block, 0x11, 100);
  CHECK(heap->reallocate(block, SIZE_MAX) == nullptr);
  CHECK(heap->reallocate(block, 64 * kPageSize) == nullptr);
  CHECK(bytes(block)[99] == 0x11);
  CHECK(heap->is_sound());
  CHECK(heap->statistics().blocks == 1);
}

TEST_CASE("allocated until empty, every block is touched, and memory is one range again") {
  for (const std::size_t size : {std::size_t{24}, std::size_t{1000}, std::size_t{20000}, std::size_t{300000}}) {
    CAPTURE(size);
    Machine heap{1024};
    std::vector<void*> blocks;
    while (void* block = heap->allocate(size)) {
      std::memset(block, static_cast<int>(blocks.size() & 0xff), heap->usable_size(block));
      blocks.push_back(block);
    }
    CHECK(heap->is_sound());
    CHECK(blocks.size() * size > heap.pages_total * kPageSize / 3);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const std::size_t usable = heap->usable_size(blocks[i]);
      REQUIRE(std::all_of(bytes(blocks[i]), bytes(blocks[i]) + usable, [i](auto byte) { return byte == (i & 0xff); }));
    }
    std::mt19937 random{7};
    std::shuffle(blocks.begin(), blocks.end(), random);
    for (void* block : blocks) heap->free(block);
    heap->give_back_kept();
    CHECK(heap->is_sound());
    CHECK(heap->statistics().bytes_in_use == 0);
    CHECK(heap->statistics().regions <= 1);
    CHECK(heap.pages().free_bytes() + heap->statistics().region_bytes == heap.pages_total * kPageSize);
    void* const whole = heap->allocate(Heap::kRegionBytes / 16 * 15);
    CHECK(whole != nullptr);  // the kept region is one free block
    CHECK(heap->statistics().regions == 1);
  }
}

TEST_CASE("when memory is short, a region is only as long as it must be") {
  Machine heap{3};
  void* const block = heap->allocate(5000);
  REQUIRE(block != nullptr);
  CHECK(heap->statistics().region_bytes == 2 * kPageSize);
  heap->free(block);
  CHECK(heap->is_sound());
}

TEST_CASE("realloc keeps contents, and stays in place where it can") {
  Machine heap{2048};
  void* block = heap->reallocate(nullptr, 100);
  REQUIRE(block != nullptr);
  for (int i = 0; i < 100; ++i) bytes(block)[i] = static_cast<unsigned char>(i);
  void* const shorter = heap->reallocate(block, 40);
  CHECK(shorter == block);
  CHECK(heap->usable_size(shorter) < 64);
  CHECK(heap->is_sound());
  CHECK(heap->reallocate(shorter, 90) == block);  // what it gave back is still free
  CHECK(heap->is_sound());
  for (int i = 0; i < 40; ++i) REQUIRE(bytes(block)[i] == i);

  for (const std::size_t size : {3000u, 70000u, 200000u, 262144u, 900000u, 300000u, 1000u}) {
    CAPTURE(size);
    block = heap->reallocate(block, size);
    REQUIRE(block != nullptr);
    for (int i = 0; i < 40; ++i) REQUIRE(bytes(block)[i] == i);
    std::memset(bytes(block) + 40, 0x33, heap->usable_size(block) - 40);
    CHECK(heap->is_sound());
  }
  CHECK(heap->statistics().region_bytes <= 2 * Heap::kRegionBytes);  // the large run's tail went back
  heap->free(block);
  CHECK(heap->statistics().bytes_in_use == 0);
}

TEST_CASE("a second free is told from other faults, joined or not") {
  Machine heap{512};
  void* const a = heap->allocate(50);
  void* const b = heap->allocate(50);
  void* const c = heap->allocate(50);
  void* const large = heap->allocate(400000);
  heap->free(b);
  CHECK(fault_of([&] { heap->free(b); }) == HeapFault::double_free);
  CHECK(fault_of([&] { (void)heap->reallocate(b, 10); }) == HeapFault::double_free);
  heap->free(c);
  heap->free(a);
  for (void* block : {a, b, c}) CHECK(fault_of([&] { heap->free(block); }) == HeapFault::double_free);
  heap->give_back_kept();
  for (void* block : {a, b, c}) CHECK(fault_of([&] { heap->free(block); }) == HeapFault::double_free);
  heap->free(large);
  CHECK(fault_of([&] { heap->free(large); }) == HeapFault::double_free);
  CHECK(heap->is_sound());
}

TEST_CASE("an overflow into the next header is seen when either block is freed") {
  for (const bool free_first : {true, false}) {
    Machine heap{64};
    void* const upper = heap->allocate(40);
    void* const lower = heap->allocate(40);
    REQUIRE(bytes(upper) == bytes(lower) + heap->usable_size(lower) + 16);
    bytes(lower)[heap->usable_size(lower)] ^= 1;
    CHECK_FALSE(heap->is_sound());
    CHECK(fault_of([&] { heap->free(free_first ? lower : upper); }) == HeapFault::corrupted_header);
  }
}

TEST_CASE("every single bit of a header matters") {
  Machine heap{64};
  void* const block = heap->allocate(40);
  for (std::size_t bit = 0; bit < 128; ++bit) {
    unsigned char& byte = (bytes(block) - 16)[bit / 8];
    byte = static_cast<unsigned char>(byte ^ 1u << bit % 8);
    CHECK(fault_of([&] { heap->free(block); }) == HeapFault::corrupted_header);
    byte = static_cast<unsigned char>(byte ^ 1u << bit % 8);
  }
  CHECK_FALSE(fault_of([&] { heap->free(block); }).has_value());
}

TEST_CASE("a write after free is seen when the block leaves its list") {
  Machine heap{64};
  void* const upper = heap->allocate(64);
  void* const block = heap->allocate(64);
  void* const lower = heap->allocate(64);
  heap->free(block);
  heap->give_back_kept();
  std::memset(block, 0x41, 16);
  CHECK_FALSE(heap->is_sound());
  heap->free(upper);
  CHECK(fault_of([&] { heap->give_back_kept(); }) == HeapFault::corrupted_list);
  (void)lower;
}

TEST_CASE("a write to a block that is kept is seen when it is taken, or given back") {
  for (std::size_t offset = 0; offset < 16; ++offset) {
    Machine heap{64};
    void* const first = heap->allocate(64);
    void* const second = heap->allocate(64);
    heap->free(first);
    heap->free(second);
    bytes(second)[offset] ^= 1;
    CHECK_FALSE(heap->is_sound());
    CHECK(heap.quick().take(64) == nullptr);
    CHECK(fault_of([&] { (void)heap->allocate(64); }) == HeapFault::corrupted_list);
    CHECK(fault_of([&] { heap->give_back_kept(); }) == HeapFault::corrupted_list);
  }
}

TEST_CASE("the header of a kept block is checked when it is freed again or given back") {
  Machine heap{64};
  void* const block = heap->allocate(64);
  heap->free(block);
  (bytes(block) - 16)[3] ^= 1;
  CHECK_FALSE(heap->is_sound());
  CHECK(fault_of([&] { heap->free(block); }) == HeapFault::corrupted_header);
  CHECK(fault_of([&] { heap->give_back_kept(); }) == HeapFault::corrupted_header);
}

TEST_CASE("a freed block is the next of its size, and of no other") {
  Machine heap{64};
  for (const std::size_t size : {std::size_t{16}, std::size_t{64}, std::size_t{1000}, std::size_t{4096}}) {
    CAPTURE(size);
    void* const block = heap->allocate(size);
    void* const other = heap->allocate(size);
    heap->free(block);
    CHECK(heap->statistics().blocks == 1);
    CHECK(heap->statistics().kept_bytes == heap->usable_size(other));
    CHECK(heap->statistics().bytes_in_use == heap->usable_size(other));
    CHECK(heap.quick().take(size + 16) == nullptr);
    CHECK(heap.quick().take(size - 16) == nullptr);
    CHECK(heap->allocate(size) == block);
    CHECK(heap->statistics().kept_bytes == 0);
    heap->free(block);
    heap->free(other);
    CHECK(heap->is_sound());
    heap->give_back_kept();
    CHECK(heap->is_sound());
    CHECK(heap->statistics().kept_bytes == 0);
    CHECK_FALSE(heap->give_back_kept());
  }
  void* const longer = heap->allocate(4097);
  heap->free(longer);
  CHECK(heap->statistics().kept_bytes == 0);
  CHECK(heap.quick().take(SIZE_MAX) == nullptr);
  CHECK(heap.quick().take(0) == nullptr);
}

TEST_CASE("what is kept is bounded, and joined when a longer block is wanted") {
  Machine heap{1024};
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < 3000; ++i) blocks.push_back(heap->allocate(1024));
  for (void* block : blocks) {
    heap->free(block);
    REQUIRE(heap->statistics().kept_bytes <= std::size_t{QuickBlocks::kKeptBytes});
  }
  CHECK(heap->is_sound());
  CHECK(heap->statistics().kept_bytes > 0);
  CHECK(heap->statistics().blocks == 0);

  Machine small{17};  // one region and the page for nothing else
  void* const a = small->allocate(4000);
  void* const b = small->allocate(4000);
  small->free(a);
  small->free(b);
  CHECK(small->allocate(60000) != nullptr);
}

TEST_CASE("what never was a block is no block") {
  Machine heap{64};
  Machine other{64};
  void* const block = heap->allocate(100);
  int local = 0;
  CHECK(fault_of([&] { heap->free(&local); }) == HeapFault::foreign_pointer);
  CHECK(fault_of([&] { heap->free(bytes(block) + 1); }) == HeapFault::foreign_pointer);
  std::memset(block, 0, 100);
  CHECK(fault_of([&] { heap->free(bytes(block) + 16); }) == HeapFault::corrupted_header);
  CHECK(fault_of([&] { heap->free(bytes(block) + 32); }) == HeapFault::corrupted_header);
  CHECK(fault_of([&] { other->free(block); }).has_value());
  for (int fault = 0; fault <= static_cast<int>(HeapFault::foreign_pointer); ++fault) {
    CHECK(std::string{name(static_cast<HeapFault>(fault))} != "damaged heap");
  }
}

TEST_CASE("random traces keep contents, soundness and statistics") {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::mt19937 random{seed};
    Machine heap{2048};
    struct Live {
      unsigned char* block;
      std::size_t size;
      unsigned char mark;
    };
    std::vector<Live> live;
    const auto random_size = [&]() -> std::size_t {
      switch (random() % 16) {
        case 0:
          return random() % 600000;
        case 1:
        case 2:
          return random() % 20000;
        default:
          return random() % 300;
      }
    };
    const auto check = [](const Live& entry) {
      REQUIRE(std::all_of(entry.block, entry.block + entry.size, [&](auto byte) { return byte == entry.mark; }));
    };
    for (int step = 0; step < 20000; ++step) {
      const auto mark = static_cast<unsigned char>(random());
      const unsigned action = random() % 8;
      if (action < 4 || live.empty()) {
        const std::size_t size = random_size();
        const std::size_t alignment = action == 0 ? std::size_t{1} << random() % 14 : 16;
        auto* const block = bytes(heap->allocate(size, alignment));
        if (block == nullptr) continue;
        REQUIRE(is_aligned(block, std::max(alignment, std::size_t{16})));
        std::memset(block, mark, size);
        live.push_back({block, size, mark});
      } else {
        Live& entry = live[random() % live.size()];
        check(entry);
        if (action < 6) {
          heap->free(entry.block);
          entry = live.back();
          live.pop_back();
        } else {
          const std::size_t size = random_size();
          auto* const moved = bytes(heap->reallocate(entry.block, size));
          if (moved == nullptr) continue;
          REQUIRE(
              std::all_of(moved, moved + std::min(size, entry.size), [&](auto byte) { return byte == entry.mark; }));
          std::memset(moved, mark, size);
          entry = {moved, size, mark};
        }
      }
      REQUIRE(heap->statistics().blocks == live.size());
      if (step % 32 == 0) REQUIRE(heap->is_sound());
    }
    for (const Live& entry : live) {
      check(entry);
      heap->free(entry.block);
    }
    heap->give_back_kept();
    CHECK(heap->is_sound());
    CHECK(heap->statistics().bytes_in_use == 0);
    CHECK(heap->statistics().regions <= 1);
    CHECK(heap.pages().free_bytes() + heap->statistics().region_bytes == heap.pages_total * kPageSize);
  }
}

TEST_CASE("who gives pages may free blocks for them, while the heap asks") {
  Machine heap{64};
  struct Kept {
    Machine& heap;
    toro::memory::PageSource pages;
    std::vector<void*> blocks;
  } kept{heap, heap->page_source(), {}};
  while (void* const block = heap->allocate(4000)) kept.blocks.push_back(block);
  REQUIRE(kept.blocks.size() > 40);
  const auto allocate = [](void* context, std::size_t count, std::size_t alignment) {
    auto& from = *static_cast<Kept*>(context);
    for (;;) {
      const auto address = from.pages.allocate(from.pages.context, count, alignment);
      if (address != 0 || from.blocks.empty()) return address;
      from.heap->free(from.blocks.front());
      from.blocks.erase(from.blocks.begin());
      static_cast<void>(from.heap->give_back_kept());
    }
  };
  const auto free = [](void* context, std::uintptr_t address, std::size_t count) {
    const auto& from = *static_cast<Kept*>(context);
    from.pages.free(from.pages.context, address, count);
  };
  heap->replace_page_source({.context = &kept, .allocate = allocate, .free = free});
  CHECK(heap->allocate(100'000) != nullptr);
  CHECK(heap->is_sound());
  CHECK_FALSE(kept.blocks.empty());
  CHECK(heap->allocate(200) != nullptr);
  CHECK(heap->allocate(std::size_t{1} << 30) == nullptr);
  CHECK(kept.blocks.empty());
  CHECK(heap->is_sound());
}
