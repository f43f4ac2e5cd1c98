// Blocks that one core allocates and another frees, resizes or asks the size of.
#include <doctest/doctest.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <toro/cores.hpp>
#include <toro/fault.hpp>
#include <toro/memory.hpp>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

std::uint32_t other_core() {
  return (toro::this_core() + 1) % toro::cores();
}

}  // namespace

TEST_CASE("blocks freed by another core are used again by their own") {
  constexpr std::size_t kBlocks = 1000;
  constexpr std::size_t kSize = 3000;
  for (int round = 0; round < 100; ++round) {
    std::vector<void*> blocks(kBlocks);
    for (void*& block : blocks) {
      block = std::malloc(kSize);
      REQUIRE(block != nullptr);
      std::memset(block, round, kSize);
    }
    toro::run_on(other_core(), [&] {
      for (void* block : blocks) std::free(block);
    });
  }
}

TEST_CASE("another core's block has its size there too, and realloc moves it") {
  for (const std::size_t size : {std::size_t{40}, std::size_t{4000}, std::size_t{100'000}, std::size_t{400'000}}) {
    CAPTURE(size);
    auto* block = static_cast<unsigned char*>(std::malloc(size));
    REQUIRE(block != nullptr);
    std::memset(block, 0x5a, size);
    const std::size_t usable = malloc_usable_size(block);
    const bool kept = toro::run_on(other_core(), [&] {
      if (malloc_usable_size(block) != usable) return false;
      block = static_cast<unsigned char*>(std::realloc(block, size * 2));
      return block != nullptr && block[0] == 0x5a && std::memcmp(block, block + 1, size - 1) == 0;
    });
    CHECK(kept);
    std::free(block);
  }
}

TEST_CASE("shares are even, and memory of another core is borrowed when the own share is used up, and comes back") {
  const toro::memory::Statistics own = toro::memory::statistics();
  const toro::memory::Statistics other = toro::run_on(other_core(), toro::memory::statistics);
  CHECK(own.share >= other.share - 4096);
  CHECK(own.share <= other.share + 4096);
  constexpr std::size_t kRun = 1 << 20;
  const std::size_t wanted = toro::cores() == 1 ? own.share / 2 : own.share + other.share / 2;
  std::vector<void*> runs;
  for (std::size_t bytes = 0; bytes < wanted; bytes += kRun) {
    runs.push_back(std::malloc(kRun));
    REQUIRE(runs.back() != nullptr);
    std::memset(runs.back(), 0x5a, kRun);
  }
  CHECK((toro::memory::statistics().borrowed > own.borrowed) == (toro::cores() > 1));
  for (void* run : runs) std::free(run);
  CHECK(toro::run_on(other_core(), toro::memory::statistics).free >= other.free - 65536);
  CHECK(toro::memory::statistics().free >= own.free - 65536);
}

TEST_CASE("a right that is taken away is gone on every core") {
  constexpr std::size_t kPageSize = 4096;
  void* memory = mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto& byte = *static_cast<volatile unsigned char*>(memory);
  const auto can_write = [&] { return toro::guarded([&] { byte = 1; }).has_value(); };
  const auto can_read = [&] { return toro::guarded([&] { return byte; }).has_value(); };
  for (int round = 0; round < 20; ++round) {
    for (std::uint32_t core = 0; core < toro::cores(); ++core) {
      REQUIRE(toro::run_on(core, can_write));
      REQUIRE(toro::run_on(core, can_read));
    }
    REQUIRE(mprotect(memory, kPageSize, PROT_READ) == 0);
    for (std::uint32_t core = 0; core < toro::cores(); ++core) {
      REQUIRE_FALSE(toro::run_on(core, can_write));
      REQUIRE(toro::run_on(core, can_read));
    }
    REQUIRE(mprotect(memory, kPageSize, PROT_NONE) == 0);
    for (std::uint32_t core = 0; core < toro::cores(); ++core) REQUIRE_FALSE(toro::run_on(core, can_read));
    REQUIRE(mprotect(memory, kPageSize, PROT_READ | PROT_WRITE) == 0);
  }
  CHECK(munmap(memory, kPageSize) == 0);
}

TEST_CASE("all cores change rights at once") {
  constexpr int kRounds = 5;
  toro::PerCore<int> rounds(0);
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    toro::post(core, [&rounds] {
      constexpr std::size_t kPageSize = 4096;
      for (int round = 0; round < kRounds; ++round) {
        void* memory = mmap(nullptr, 3 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        static_cast<char*>(memory)[kPageSize] = 1;
        if (mprotect(memory, kPageSize, PROT_NONE) != 0 || munmap(memory, 3 * kPageSize) != 0) return;
        ++*rounds;
      }
    });
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    while (toro::run_on(core, [&] { return *rounds; }) < kRounds) sched_yield();
  }
  for (std::uint32_t core = 0; core < toro::cores(); ++core) CHECK(rounds.on(core) == kRounds);
}

TEST_CASE("pages can be made uncached and cached again") {
  constexpr std::size_t kPageSize = 4096;
  void* memory = std::aligned_alloc(kPageSize, 2 * kPageSize);
  REQUIRE(memory != nullptr);
  auto* words = static_cast<volatile std::uint32_t*>(memory);
  words[5] = 17;
  CHECK(toro::memory::set_caching(memory, kPageSize, toro::memory::Caching::uncached));
  CHECK(words[5] == 17);
  words[5] = 18;
  CHECK(toro::memory::set_caching(memory, kPageSize, toro::memory::Caching::cached));
  CHECK(words[5] == 18);
  CHECK(toro::memory::set_caching(memory, 5, toro::memory::Caching::cached) ==
        std::unexpected{toro::memory::AttributeError::not_page_aligned});
  std::free(memory);
}
