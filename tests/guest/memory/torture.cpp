// Mixed operations on every core at once, a third of the blocks freed by another core than the one that made them.
#include <doctest/doctest.h>
#include <unistd.h>
#include <toro/cores.hpp>
#include <toro/memory.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

/// What every block begins with; its last byte and the eight before that are marked too.
struct Block {
  std::size_t size;
  std::uint64_t mark;
};
constexpr std::size_t kSmallest = sizeof(Block) + sizeof(std::uint64_t);

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e37'79b9'7f4a'7c15 + 1) {}
  std::uint64_t operator()() {  // xorshift64 [Marsaglia 2003]
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

 private:
  std::uint64_t state_;
};

/// Blocks that any core may exchange one of its own for.
std::array<std::atomic<Block*>, 512> market{};
std::atomic<unsigned> damaged = 0;
std::atomic<std::uint64_t> exchanged = 0, freed = 0;
std::atomic<std::uint32_t> finished = 0;

void write(Block* block, std::size_t size) {
  *block = {size, reinterpret_cast<std::uintptr_t>(block) ^ size};
  std::memcpy(reinterpret_cast<char*>(block) + size - sizeof block->mark, &block->mark, sizeof block->mark);
}

void check(const Block* block) {
  std::uint64_t end;
  std::memcpy(&end, reinterpret_cast<const char*>(block) + block->size - sizeof end, sizeof end);
  if (block->mark != (reinterpret_cast<std::uintptr_t>(block) ^ block->size) || end != block->mark) ++damaged;
}

std::size_t size_of(std::uint64_t random) {
  const std::uint64_t kind = random % 1024;
  const std::uint64_t value = random >> 10;
  if (kind == 0) return kSmallest + value % 300'000;
  if (kind < 32) return kSmallest + value % 20'000;
  return kSmallest + value % 500;
}

Block* make(std::uint64_t random) {
  const std::size_t size = size_of(random);
  auto* const block = static_cast<Block*>(std::malloc(size));
  if (block != nullptr) write(block, size);
  return block;
}

void destroy(Block* block) {
  check(block);
  std::free(block);
}

/// The blocks of one core.
using Own = std::array<Block*, 256>;

void work(Own& own, std::uint64_t operations) {
  Random random(toro::this_core() + 1);
  std::uint64_t exchanges = 0, frees = 0;
  for (std::uint64_t i = 0; i < operations; ++i) {
    const std::uint64_t value = random();
    Block*& mine = own[value % own.size()];
    const std::uint64_t action = value >> 8 & 15;
    if (mine == nullptr) {
      mine = make(value >> 12);
    } else if (action < 6) {  // one of another core's, mostly, for one of mine: freed in the next operations
      mine = market[value >> 12 & (market.size() - 1)].exchange(mine, std::memory_order_acq_rel);
      if (mine == nullptr) continue;
      destroy(mine);
      mine = nullptr;
      ++exchanges;
      ++frees;
    } else if (action < 8) {
      check(mine);
      const std::size_t size = size_of(value >> 12);
      if (auto* const moved = static_cast<Block*>(std::realloc(mine, size)); moved != nullptr) {
        write(moved, size);
        mine = moved;
      }
    } else {
      destroy(mine);
      mine = nullptr;
      ++frees;
    }
  }
  exchanged += exchanges;
  freed += frees;
  ++finished;
}

void settle_everywhere() {
  for (int round = 0; round < 2; ++round)
    for (std::uint32_t core = 0; core < toro::cores(); ++core) toro::run_on(core, toro::memory::settle);
}

void torture(std::uint64_t operations) {
  const std::uint32_t cores = toro::cores();
  auto own = std::make_unique<toro::PerCore<Own>>(Own{});
  // What the cores need for the work itself is made before the figures are taken.
  for (std::uint32_t core = 0; core < cores; ++core) toro::post(core, [&own] { work(**own, 0); });
  while (finished < cores) usleep(1000);
  settle_everywhere();
  toro::PerCore<toro::memory::Statistics> before;
  for (std::uint32_t core = 0; core < cores; ++core) before.on(core) = toro::run_on(core, toro::memory::statistics);

  damaged = 0;
  finished = 0;
  exchanged = freed = 0;
  for (std::uint32_t core = 0; core < cores; ++core)
    toro::post(core, [&own, operations, cores] { work(**own, operations / cores); });
  while (finished < cores) usleep(1000);
  std::size_t held = 0, used = 0;
  for (std::uint32_t core = 0; core < cores; ++core) {
    const auto now = toro::run_on(core, toro::memory::statistics);
    held += now.heap;
    used += now.heap_used + now.heap_kept;
  }
  for (std::atomic<Block*>& slot : market)
    if (Block* const block = slot.exchange(nullptr)) destroy(block);
  for (std::uint32_t core = 0; core < cores; ++core)
    for (Block*& block : own->on(core)) {
      if (block != nullptr) destroy(block);
      block = nullptr;
    }
  settle_everywhere();
  toro::PerCore<toro::memory::Statistics> after;
  for (std::uint32_t core = 0; core < cores; ++core) after.on(core) = toro::run_on(core, toro::memory::statistics);

  // From here on the test's own messages may take blocks, and with them hold regions.
  CHECK(damaged == 0);
  CHECK(exchanged * 3 >= freed);
  for (std::uint32_t core = 0; core < cores; ++core) {
    CAPTURE(core);
    CHECK(after.on(core).heap_used <= before.on(core).heap_used + 4096);
    CHECK(after.on(core).heap <= before.on(core).heap + 128 * 1024);
    CHECK(after.on(core).free + 128 * 1024 >= before.on(core).free);
  }
  MESSAGE("freed elsewhere: ", exchanged.load(), " of ", freed.load(), "; heaps held ", held, " bytes for ", used,
          " in blocks: ", 100 * (held - used) / held, " % of it was free");
  finished = 0;
}

}  // namespace

TEST_CASE("400,000 operations on all cores leave memory as it was") {
  torture(400'000);
}

/// Some minutes: `toro run … --cores 8 -- --no-skip -tc="*million*"`.
TEST_CASE("100 million operations on all cores leave memory as it was" * doctest::skip()) {
  torture(100'000'000);
}
