// malloc and new on the core's heap.
#include <doctest/doctest.h>
#include <malloc.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <vector>

namespace {

/// Hides a value from the compiler, which knows what malloc may do.
template <class T>
T hidden(T value) {
  asm volatile("" : "+r"(value)::"memory");
  return value;
}

constexpr std::size_t kMoreThanAnyMachineHas = std::size_t{1} << 45;
constexpr std::size_t kMoreThanCanBe = SIZE_MAX - 100;

bool is_filled(const unsigned char* block, std::size_t size, unsigned char with) {
  return size == 0 || (block[0] == with && std::memcmp(block, block + 1, size - 1) == 0);
}

/// Blocks of one size, linked through themselves, until memory is out; each is written from end to end.
struct Chain {
  static constexpr std::size_t kEnds = 64;  // bytes that are looked at at either end of a block
  void** last = nullptr;
  std::size_t count = 0;

  void allocate_all(std::size_t size) {
    while (void* block = std::malloc(size)) {
      std::memset(block, 0x5a, size);
      *static_cast<void**>(block) = last;
      last = static_cast<void**>(block);
      ++count;
    }
  }
  /// Frees all; tells how many blocks still held what was written to them.
  std::size_t free_all(std::size_t size) {
    std::size_t whole = 0;
    while (last != nullptr) {
      void** before = static_cast<void**>(*last);
      const auto* bytes = reinterpret_cast<unsigned char*>(last);
      whole += is_filled(bytes + sizeof(void*), kEnds, 0x5a) && is_filled(bytes + size - kEnds, kEnds, 0x5a) ? 1 : 0;
      std::free(last);
      last = before;
    }
    return whole;
  }
};

}  // namespace

TEST_CASE("malloc(0) gives a block of its own, free(nullptr) does nothing") {
  void* first = std::malloc(0);
  void* second = std::malloc(0);
  CHECK(first != nullptr);
  CHECK(first != second);
  std::free(first);
  std::free(second);
  std::free(nullptr);
}

TEST_CASE("blocks are aligned for every type and at least as long as asked") {
  for (std::size_t size = 1; size < 600; size += 7) {
    void* block = std::malloc(size);
    REQUIRE(block != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t) == 0);
    CHECK(malloc_usable_size(block) >= size);
    std::free(block);
  }
}

TEST_CASE("more than there is fails and says so") {
  for (const std::size_t size : {kMoreThanAnyMachineHas, kMoreThanCanBe, SIZE_MAX}) {
    CAPTURE(size);
    errno = 0;
    CHECK(hidden(std::malloc(hidden(size))) == nullptr);
    CHECK(errno == ENOMEM);
    CHECK_THROWS_AS(::operator delete(hidden(::operator new(hidden(size)))), std::bad_alloc);
    CHECK(hidden(::operator new(hidden(size), std::nothrow)) == nullptr);
    errno = 0;
    CHECK(hidden(std::calloc(1, hidden(size))) == nullptr);
    CHECK(errno == ENOMEM);
    errno = 0;
    CHECK(hidden(std::aligned_alloc(4096, hidden(size & ~std::size_t{4095}))) == nullptr);
    CHECK(errno == ENOMEM);
  }
  CHECK_THROWS_AS(std::vector<char>(hidden(kMoreThanAnyMachineHas)), std::bad_alloc);
}

TEST_CASE("a block that cannot grow stays as it was") {
  auto* block = static_cast<unsigned char*>(std::malloc(1000));
  REQUIRE(block != nullptr);
  std::memset(block, 0x3c, 1000);
  errno = 0;
  CHECK(hidden(std::realloc(block, hidden(kMoreThanAnyMachineHas))) == nullptr);
  CHECK(errno == ENOMEM);
  CHECK(is_filled(block, 1000, 0x3c));
  std::free(block);
}

TEST_CASE("calloc zeroes, and refuses a product that overflows") {
  for (const std::size_t size : {std::size_t{24}, std::size_t{5000}, std::size_t{600'000}}) {
    CAPTURE(size);
    auto* dirty = static_cast<unsigned char*>(std::malloc(size));
    REQUIRE(dirty != nullptr);
    std::memset(dirty, 0xff, size);
    std::free(dirty);
    auto* block = static_cast<unsigned char*>(std::calloc(size / 8, 8));
    REQUIRE(block != nullptr);
    CHECK(is_filled(block, size, 0));
    std::free(block);
  }
  errno = 0;
  CHECK(hidden(std::calloc(hidden(SIZE_MAX / 2), hidden(std::size_t{3}))) == nullptr);
  CHECK(errno == ENOMEM);
}

TEST_CASE("alignment is kept") {
  for (std::size_t alignment = 16; alignment <= std::size_t{1} << 20; alignment *= 2) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{100}, alignment, std::size_t{300'000}}) {
      CAPTURE(alignment);
      CAPTURE(size);
      void* block = std::aligned_alloc(alignment, size);
      REQUIRE(block != nullptr);
      CHECK(reinterpret_cast<std::uintptr_t>(block) % alignment == 0);
      CHECK(malloc_usable_size(block) >= size);
      std::memset(block, 0x77, size);
      std::free(block);
    }
  }
  void* block = nullptr;
  CHECK(posix_memalign(&block, 3, 10) == EINVAL);
  CHECK(posix_memalign(&block, 24, 10) == EINVAL);
  CHECK(posix_memalign(&block, 64, kMoreThanAnyMachineHas) == ENOMEM);
  CHECK(block == nullptr);
  CHECK(posix_memalign(&block, 64, 10) == 0);
  std::free(block);
  struct alignas(256) Wide {
    char bytes[256];
  };
  auto* wide = new Wide;
  CHECK(reinterpret_cast<std::uintptr_t>(hidden(wide)) % 256 == 0);
  delete wide;
}

TEST_CASE("realloc keeps the content, growing and shrinking") {
  auto* block = static_cast<unsigned char*>(std::realloc(nullptr, 1));
  REQUIRE(block != nullptr);
  block[0] = 1;
  std::size_t size = 1;
  const auto value_at = [](std::size_t i) { return static_cast<unsigned char>(i * 31 + 1); };
  for (const std::size_t next :
       {10UL, 1000UL, 100UL, 70'000UL, 400'000UL, 300'000UL, 2'000'000UL, 5000UL, 16UL, 300'001UL}) {
    CAPTURE(next);
    block = static_cast<unsigned char*>(std::realloc(block, next));
    REQUIRE(block != nullptr);
    bool kept = true;
    for (std::size_t i = 0; i < (size < next ? size : next); ++i) kept = kept && block[i] == value_at(i);
    CHECK(kept);
    for (std::size_t i = 0; i < next; ++i) block[i] = value_at(i);
    size = next;
  }
  std::free(block);
}

TEST_CASE("memory comes back: as many blocks fit the second and the third time") {
  for (const std::size_t size : {std::size_t{500}, std::size_t{6000}, std::size_t{40'000}, std::size_t{1'000'000}}) {
    CAPTURE(size);
    Chain chain;
    chain.allocate_all(size);
    std::size_t count = chain.count;
    CHECK(count > 1);
    CHECK(chain.free_all(size) == count);
    for (int round = 0; round < 2; ++round) {
      Chain again;
      again.allocate_all(size);
      CHECK(again.count >= count);  // more where another core gave back what it had freed
      count = again.count;
      CHECK(again.free_all(size) == again.count);
    }
  }
}

TEST_CASE("exhausted memory is told in C++ too, and after that all goes on") {
  std::vector<std::unique_ptr<char[]>> blocks;
  CHECK_THROWS_AS(
      [&] {
        for (;;) blocks.push_back(std::make_unique_for_overwrite<char[]>(1 << 20));
      }(),
      std::bad_alloc);
  CHECK(blocks.size() > 1);
  blocks.clear();
  void* block = std::malloc(1 << 20);
  CHECK(block != nullptr);
  std::free(block);
}

TEST_CASE("10,000 random operations keep every block's content") {
  struct Block {
    unsigned char* bytes;
    std::size_t size;
    unsigned char value;
  };
  std::mt19937 random{20250101};
  std::vector<Block> blocks;
  const auto size_of_block = [&] {
    const std::size_t limit = std::size_t{1} << (4 + random() % 11);  // up to 16 KiB, mostly small
    return 1 + random() % limit;
  };
  const auto fill = [](const Block& block) { std::memset(block.bytes, block.value, block.size); };
  int failures = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto operation = random() % 8;
    if (operation < 3 || blocks.empty()) {
      Block block{nullptr, size_of_block(), static_cast<unsigned char>(random())};
      block.bytes = static_cast<unsigned char*>(operation == 0 ? std::aligned_alloc(16UL << random() % 9, block.size)
                                                               : std::malloc(block.size));
      if (block.bytes == nullptr) continue;
      fill(block);
      blocks.push_back(block);
      continue;
    }
    Block& block = blocks[random() % blocks.size()];
    if (!is_filled(block.bytes, block.size, block.value)) ++failures;
    if (operation < 5) {
      const std::size_t size = size_of_block();
      auto* moved = static_cast<unsigned char*>(std::realloc(block.bytes, size));
      if (moved == nullptr) continue;
      if (!is_filled(moved, size < block.size ? size : block.size, block.value)) ++failures;
      block = {moved, size, static_cast<unsigned char>(random())};
      fill(block);
    } else {
      std::free(block.bytes);
      block = blocks.back();
      blocks.pop_back();
    }
  }
  for (const Block& block : blocks) {
    if (!is_filled(block.bytes, block.size, block.value)) ++failures;
    std::free(block.bytes);
  }
  CHECK(failures == 0);
}
