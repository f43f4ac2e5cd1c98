#include "kernel/posix/page_set.hpp"

#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <random>
#include <set>
#include <thread>

namespace {

using toro::posix::PageSet;

struct Pages {
  std::array<PageSet::Word, 4> words{};
  PageSet set{words};
};

}  // namespace

TEST_CASE("a range across words is in the set until it is removed") {
  Pages pages;
  CHECK_FALSE(pages.set.contains(60, 1));
  pages.set.add(60, 140);
  CHECK(pages.set.contains(60, 140));
  CHECK_FALSE(pages.set.contains(59, 2));
  CHECK_FALSE(pages.set.contains(60, 141));
  CHECK(pages.set.remove(64, 64));
  CHECK(pages.set.contains(60, 4));
  CHECK_FALSE(pages.set.contains(64, 1));
  CHECK(pages.set.contains(128, 72));
}

TEST_CASE("a range that is not all in the set stays as it is") {
  Pages pages;
  pages.set.add(10, 100);
  CHECK(pages.set.remove(100, 1));
  CHECK_FALSE(pages.set.remove(10, 100));
  CHECK(pages.set.contains(10, 90));
  CHECK(pages.set.contains(101, 9));
  CHECK_FALSE(pages.set.contains(100, 1));
}

TEST_CASE("pages beyond the room are never in the set") {
  Pages pages;
  pages.set.add(0, 256);
  CHECK(pages.set.contains(0, 256));
  CHECK_FALSE(pages.set.contains(0, 257));
  CHECK_FALSE(pages.set.contains(256, 1));
  CHECK_FALSE(pages.set.remove(255, 2));
  CHECK_FALSE(pages.set.contains(SIZE_MAX, 2));
  CHECK_FALSE(pages.set.remove(2, SIZE_MAX));
  CHECK(PageSet{}.contains(0, 1) == false);
}

TEST_CASE("it is a set of pages") {
  Pages pages;
  std::set<std::size_t> model;
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t first = random() % 256;
    const std::size_t count = 1 + random() % (256 - first);
    bool all = true;
    for (std::size_t page = first; page < first + count; ++page) all = all && model.contains(page);
    REQUIRE(pages.set.contains(first, count) == all);
    if (random() % 2 == 0) {
      pages.set.add(first, count);
      for (std::size_t page = first; page < first + count; ++page) model.insert(page);
    } else {
      const std::size_t few = 1 + count % 3;
      bool few_are = first + few <= 256;
      for (std::size_t page = first; page < first + few; ++page) few_are = few_are && model.contains(page);
      REQUIRE(pages.set.remove(first, few) == few_are);
      if (few_are)
        for (std::size_t page = first; page < first + few; ++page) model.erase(page);
    }
  }
}

TEST_CASE("of two that remove the same page one does") {
  Pages pages;
  for (int round = 0; round < 200; ++round) {
    pages.set.add(0, 256);
    std::array<int, 2> removed{};
    const auto remove = [&](int& count) {
      for (std::size_t page = 0; page < 256; ++page) count += pages.set.remove(page, 1) ? 1 : 0;
    };
    std::thread other(remove, std::ref(removed[0]));
    remove(removed[1]);
    other.join();
    REQUIRE(removed[0] + removed[1] == 256);
  }
}
