#include "kernel/boot/image_place.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <set>

using toro::boot::choose_place;
using toro::boot::relocate;

TEST_CASE("the place of an image is a page of the first eighth") {
  constexpr std::uintptr_t kBegin = 0x140000;
  constexpr std::uintptr_t kEnd = 0x4000000;
  constexpr std::uintptr_t kSize = 0x40000;
  std::set<std::uintptr_t> places;
  for (std::uint64_t random = 0; random < 4096; ++random) {
    const std::uintptr_t place = choose_place(kBegin, kEnd, kSize, random);
    CHECK(place % 4096 == 0);
    CHECK(place >= kBegin);
    CHECK(place <= kBegin + (kEnd - kBegin) / 8);
    places.insert(place);
  }
  CHECK(places.size() == (kEnd - kBegin) / 8 / 4096 + 1);
  CHECK(choose_place(kBegin, kEnd, kSize, UINT64_MAX) != 0);
}

TEST_CASE("an image without room stays") {
  CHECK(choose_place(0x140000, 0x140000, 0x1000, 1) == 0);
  CHECK(choose_place(0x140000, 0x100000, 0x1000, 1) == 0);
  CHECK(choose_place(0x140000, 0x180000, 0x39000, 1) == 0);
  CHECK(choose_place(0x140000, 0x180000, 0x38000, 1) != 0);
}

TEST_CASE("words that are addresses are moved, and no others") {
  constexpr std::size_t kWords = 200;
  constexpr std::size_t kMoved = kWords;  // in words: the copy lies behind
  std::array<std::uint64_t, 2 * kWords> image{};
  const std::set<std::size_t> marked{3, 4, 66, 67, 129, 130, 199};
  const auto address = [&](std::size_t word) { return reinterpret_cast<std::uint64_t>(&image[word]); };
  const auto bit = [](unsigned position) { return std::uint64_t{1} << (1 + position); };
  const std::array<std::uint64_t, 5> table{
      address(3),            // word 3, then the maps of 4 to 66 and 67 to 129
      1 | bit(0) | bit(62),  // 4, 66
      1 | bit(0) | bit(62),  // 67, 129
      1 | bit(0),            // 130
      address(199),
  };
  constexpr std::uint64_t kDistance = kMoved * sizeof(std::uint64_t);
  relocate(table, kDistance);
  for (std::size_t word = 0; word < kWords; ++word) {
    CAPTURE(word);
    CHECK(image[word] == 0);
    CHECK(image[kMoved + word] == (marked.contains(word) ? kDistance : 0));
  }
}
