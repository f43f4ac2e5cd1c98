#include "kernel/posix/number_set.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

namespace {

constexpr std::size_t kMost = 8192;
using Numbers = toro::posix::NumberSet<kMost>;

std::size_t lowest_free(const std::set<std::size_t>& taken, std::size_t from) {
  for (auto next = taken.lower_bound(from); next != taken.end() && *next == from; ++next) ++from;
  return from;
}

}  // namespace

TEST_CASE("the lowest free number is found whatever was taken") {
  Numbers numbers(3);
  std::set<std::size_t> model{0, 1, 2};
  std::mt19937 random(1);
  for (int i = 0; i < 40'000; ++i) {
    const std::size_t from = random() % 8 == 0 ? random() % kMost : 0;
    const std::size_t found = numbers.lowest_free(from);
    REQUIRE(found == lowest_free(model, from));
    // Grows for a while, and then shrinks.
    if (found < kMost && random() % 100 < (i / 10'000 % 2 == 0 ? 90U : 10U)) {
      numbers.add(found);
      model.insert(found);
    } else if (!model.empty()) {
      auto gone = model.lower_bound(random() % kMost);
      if (gone == model.end()) gone = model.begin();
      numbers.remove(*gone);
      model.erase(gone);
    }
    const std::size_t any = random() % kMost;
    REQUIRE((numbers.lowest_free(any) == any) == !model.contains(any));
    const auto beside = model.lower_bound(any / 64 * 64);
    REQUIRE(numbers.has_any_beside(any) == (beside != model.end() && *beside / 64 == any / 64));
  }
}

TEST_CASE("there is none when all are taken") {
  Numbers numbers(64);
  for (std::size_t number = 64; number < kMost; ++number) {
    REQUIRE(numbers.lowest_free(0) == number);
    numbers.add(number);
  }
  CHECK(numbers.lowest_free(0) == kMost);
  CHECK(numbers.lowest_free(kMost - 1) == kMost);
  numbers.remove(kMost - 1);
  CHECK(numbers.lowest_free(0) == kMost - 1);
  numbers.remove(0);
  CHECK(numbers.lowest_free(0) == 0);
  CHECK(numbers.lowest_free(1) == kMost - 1);
}
