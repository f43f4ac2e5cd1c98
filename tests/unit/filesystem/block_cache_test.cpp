// Blocks in memory: which stay, which are written, and when.
#include "kernel/filesystem/block_cache.hpp"

#include <doctest/doctest.h>

#include "tests/unit/filesystem/test_medium.hpp"

namespace {

using namespace toro::filesystem;

constexpr std::uint32_t kSize = 1024;

struct Fixture {
  TestMedium medium{std::vector<std::byte>(std::size_t{1} << 20)};
  BlockCache cache{medium, kSize, 64};

  Fixture() {
    for (std::size_t i = 0; i < medium.content.size(); ++i) medium.content[i] = static_cast<std::byte>(i / kSize);
  }
  void set(std::uint64_t number, int value, Content content = Content::data) {
    const auto block = cache.read(number);
    REQUIRE(block);
    block->data()[0] = static_cast<std::byte>(value);
    block->change(content);
  }
  int on_medium(std::uint64_t number) { return static_cast<int>(medium.content[number * kSize]); }
};

TEST_CASE_FIXTURE(Fixture, "a block is read once") {
  for (int i = 0; i < 3; ++i) CHECK(cache.read(7)->data()[5] == std::byte{7});
  CHECK(medium.reads == 1);
}

TEST_CASE_FIXTURE(Fixture, "never more than there may be; the least recently used leaves") {
  for (unsigned i = 0; i < 64; ++i) REQUIRE(cache.read(i));
  REQUIRE(cache.read(0));
  REQUIRE(cache.read(100));
  CHECK(cache.size() == 64);
  CHECK(cache.has(0));
  CHECK_FALSE(cache.has(1));
  for (unsigned i = 200; i < 1000; ++i) REQUIRE(cache.read(i));
  CHECK(cache.size() == 64);
}

TEST_CASE_FIXTURE(Fixture, "changes are written at the end, those side by side at once, data first") {
  for (unsigned i = 20; i > 10; --i) set(i, 200);
  set(500, 201);
  set(3, 202, Content::metadata);
  CHECK(on_medium(15) == 15);
  const unsigned before = medium.writes;
  REQUIRE(cache.sync());
  CHECK(medium.writes == before + 2);  // one call for the data, one for the metadata
  CHECK(medium.flushes == 1);
  CHECK(on_medium(15) == 200);
  CHECK(on_medium(500) == 201);
  CHECK(on_medium(3) == 202);
  CHECK(cache.changed() == 0);
  REQUIRE(cache.sync());
  CHECK(medium.writes == before + 2);
}

TEST_CASE_FIXTURE(Fixture, "what is changed is written before it leaves, and what is in use stays") {
  set(5, 99);
  const auto kept = cache.read(6);
  REQUIRE(kept);
  for (unsigned i = 100; i < 300; ++i) REQUIRE(cache.read(i));
  CHECK(on_medium(5) == 99);
  CHECK(cache.has(6));
  CHECK(kept->data()[0] == std::byte{6});
}

TEST_CASE_FIXTURE(Fixture, "when all are in use there is no room") {
  std::vector<BlockCache::Reference> kept;
  for (unsigned i = 0; i < 64; ++i) kept.push_back(std::move(*cache.read(i)));
  const auto more = cache.read(64);
  REQUIRE_FALSE(more);
  CHECK(more.error() == Error::no_memory);
  kept.pop_back();
  CHECK(cache.read(64));
}

TEST_CASE_FIXTURE(Fixture, "what is forgotten is not written") {
  set(5, 99);
  cache.forget(5);
  REQUIRE(cache.sync());
  CHECK(on_medium(5) == 5);
  CHECK(cache.read(5)->data()[0] == std::byte{5});
}

TEST_CASE_FIXTURE(Fixture, "blocks are read ahead in one go; what is here already is not lost") {
  set(12, 99);
  cache.read_ahead(10, 8);
  CHECK(medium.reads == 2);  // 12 itself, and at once what lies on both sides
  for (unsigned i = 10; i < 18; ++i) CHECK(cache.has(i));
  CHECK(cache.read(12)->data()[0] == std::byte{99});
  medium.fail_reads = true;
  medium.fail_at = 32 * kSize;
  cache.read_ahead(30, 8);
  CHECK_FALSE(cache.has(30));
  CHECK(cache.read(31));
  CHECK(cache.read(32).error() == Error::io_error);
}

TEST_CASE_FIXTURE(Fixture, "of a cache that is small a quarter is read ahead") {
  cache.read_ahead(0, BlockCache::kMostAhead);
  CHECK(medium.reads == 1);
  CHECK(cache.size() == cache.most() / 4);
  for (unsigned i = 0; i < cache.size(); ++i) CHECK(cache.read(i)->data()[0] == static_cast<std::byte>(i));
}

TEST_CASE_FIXTURE(Fixture, "a write that fails is told, and the rest is written") {
  set(5, 99);
  set(50, 98);
  medium.fail_writes = true;
  medium.fail_at = 5 * kSize;
  CHECK_FALSE(cache.sync());
  CHECK(cache.has_failed());
  CHECK(on_medium(50) == 98);
}

TEST_CASE_FIXTURE(Fixture, "memory is given back: of what is neither changed nor in use") {
  for (unsigned i = 0; i < 32; ++i) REQUIRE(cache.read(i));
  set(3, 99);
  const auto kept = cache.read(4);
  CHECK(cache.give_back(10) == 10);
  CHECK(cache.size() == 22);
  CHECK(cache.give_back(100) == 20);
  CHECK(cache.has(3));
  CHECK(cache.has(4));
}

}  // namespace
