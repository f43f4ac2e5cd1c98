// The arena: pieces one after the other, given back at once.
#include <doctest/doctest.h>
#include <toro/arena.hpp>

#include <array>
#include <cstdint>
#include <cstring>

TEST_CASE("pieces are aligned, do not overlap and end where the arena does") {
  toro::Arena arena(10'000);
  REQUIRE(arena.capacity() == 10'000);
  unsigned char* last_end = nullptr;
  for (std::size_t alignment = 1; alignment <= 512; alignment *= 2) {
    auto* piece = static_cast<unsigned char*>(arena.allocate(33, alignment));
    REQUIRE(piece != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(piece) % alignment == 0);
    CHECK(piece >= last_end);
    std::memset(piece, 0x11, 33);
    last_end = piece + 33;
  }
  CHECK(arena.allocate(arena.capacity() - arena.used() + 1, 1) == nullptr);
  CHECK(arena.allocate(SIZE_MAX, 1) == nullptr);
  CHECK(arena.allocate(arena.capacity() - arena.used(), 1) != nullptr);
  CHECK(arena.used() == arena.capacity());
  CHECK(arena.allocate(1, 1) == nullptr);
  CHECK(arena.allocate(0, 1) != nullptr);
}

TEST_CASE("a reset to a mark gives the same memory again, and keeps what was before it") {
  alignas(16) std::array<std::byte, 256> memory;
  toro::Arena arena(memory);
  int* kept = arena.create<int>(7);
  REQUIRE(kept != nullptr);
  const toro::Arena::Mark mark = arena.mark();
  void* first = arena.allocate(100);
  CHECK(arena.allocate(200) == nullptr);
  arena.reset(mark);
  CHECK(arena.allocate(100) == first);
  CHECK(*kept == 7);
  arena.reset();
  CHECK(arena.used() == 0);
  const auto numbers = arena.create_array<int>(8);
  REQUIRE(numbers.size() == 8);
  for (int number : numbers) CHECK(number == 0);
  CHECK(arena.create_array<int>(SIZE_MAX / 2).empty());
}

TEST_CASE("an arena that memory has no room for has none either") {
  toro::Arena arena(std::size_t{1} << 45);
  CHECK(arena.capacity() == 0);
  CHECK(arena.allocate(1, 1) == nullptr);
}
