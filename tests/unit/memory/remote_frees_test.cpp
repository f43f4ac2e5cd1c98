#include "kernel/memory/remote_frees.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

using toro::memory::RemoteFrees;

namespace {

struct Block {
  std::uint64_t words[2] = {};
};

// Zeroed memory is a valid value: as the kernel has it.
struct Core {
  alignas(RemoteFrees) unsigned char bytes[sizeof(RemoteFrees)]{};
  RemoteFrees* operator->() { return reinterpret_cast<RemoteFrees*>(bytes); }
  RemoteFrees& operator*() { return *operator->(); }
};

}  // namespace

TEST_CASE("blocks go home in batches, each once, and the rest when it is offered") {
  auto sender = std::make_unique<Core>();
  auto home = std::make_unique<Core>();
  std::vector<Block> blocks(RemoteFrees::kBatch + 5);
  std::vector<void*> freed;
  const auto collect = [&] {
    return (*home)->collect([&](void* block) { freed.push_back(block); }, [](const void*) { FAIL("damaged"); });
  };
  for (std::size_t i = 0; i + 1 < RemoteFrees::kBatch; ++i) (*sender)->send(2, 7, **home, &blocks[i]);
  CHECK_FALSE(collect());
  for (std::size_t i = RemoteFrees::kBatch - 1; i < blocks.size(); ++i) (*sender)->send(2, 7, **home, &blocks[i]);
  CHECK_FALSE((*sender)->offer(2, 7, **home));  // the first chain is still there
  CHECK(collect());
  CHECK(freed.size() == RemoteFrees::kBatch);
  CHECK((*sender)->offer(2, 7, **home));
  CHECK((*sender)->offer(2, 7, **home));  // nothing is left
  CHECK(collect());
  CHECK_FALSE(collect());
  CHECK(freed.size() == blocks.size());
  CHECK((*sender)->sent() == blocks.size());
  for (Block& block : blocks) CHECK(std::count(freed.begin(), freed.end(), &block) == 1);
}

TEST_CASE("a block that is written to on its way is told") {
  auto sender = std::make_unique<Core>();
  auto home = std::make_unique<Core>();
  Block block;
  (*sender)->send(0, 1, **home, &block);
  CHECK((*sender)->offer(0, 1, **home));
  block.words[0] ^= 0x41;
  const void* damaged = nullptr;
  try {
    (*home)->collect([](void*) {}, [&](const void* found) { throw found; });
  } catch (const void* found) {
    damaged = found;
  }
  CHECK(damaged == &block);
}

TEST_CASE("several cores send at once while the home collects: nothing is lost, nothing comes twice") {
  constexpr unsigned kSenders = 3;
  constexpr std::size_t kBlocks = 40'000;
  auto home = std::make_unique<Core>();
  std::array<std::vector<Block>, kSenders> blocks;
  for (auto& part : blocks) part.resize(kBlocks);
  std::vector<std::thread> threads;
  for (unsigned self = 0; self < kSenders; ++self) {
    threads.emplace_back([&, self] {
      auto own = std::make_unique<Core>();
      for (Block& block : blocks[self]) {
        block.words[0] = 0;
        (*own)->send(self, kSenders, **home, &block);
      }
      while (!(*own)->offer(self, kSenders, **home)) std::this_thread::yield();
    });
  }
  std::size_t came = 0;
  while (came < kSenders * kBlocks) {
    const bool some = (*home)->collect(
        [&](void* block) {
          std::memset(block, 0x5a, sizeof(Block));
          ++came;
        },
        [](const void*) { std::abort(); });
    if (!some) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE((*home)->collect([](void*) {}, [](const void*) {}));
  for (const auto& part : blocks)
    for (const Block& block : part) REQUIRE(block.words[0] == 0x5a5a'5a5a'5a5a'5a5a);
}
