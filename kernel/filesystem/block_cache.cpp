// Blocks of a medium in memory.
#include "kernel/filesystem/block_cache.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace toro::filesystem {
namespace {

template <class T>
T** make_table(std::size_t count) {
  auto** const table = static_cast<T**>(heap::allocate(count * sizeof(T*)));
  if (table != nullptr) std::fill_n(table, count, nullptr);
  return table;
}

}  // namespace

struct BlockCache::Block : Link {
  std::uint64_t number = 0;
  std::byte* data = nullptr;
  Block* chain = nullptr;
  std::uint32_t uses = 0;
  bool changed = false;
  Content content = Content::data;
};

BlockCache::Reference::Reference(BlockCache& cache, Block& block) : cache_(&cache), block_(&block) {
  ++block.uses;
}
BlockCache::Reference::~Reference() {
  if (block_ != nullptr) --block_->uses;
}
std::byte* BlockCache::Reference::data() const {
  return block_->data;
}
void BlockCache::Reference::change(Content content) const {
  if (!block_->changed) ++cache_->changed_;
  block_->changed = true;
  block_->content = content;
}

BlockCache::BlockCache(Medium& medium, std::uint32_t block_size, std::size_t most)
    : medium_(medium),
      block_size_(block_size),
      most_(std::max(most, kLeast)),
      buckets_(std::bit_ceil(most_)),
      table_(make_table<Block>(buckets_)),
      sorted_(make_table<Block>(most_)) {
  offer_memory_of(*this);
}

BlockCache::~BlockCache() {
  withdraw_memory_of(*this);
  while (list_.newer != &list_) dispose_of(static_cast<Block&>(*list_.newer));
  heap::free(table_);
  heap::free(sorted_);
}

BlockCache::Block** BlockCache::bucket(std::uint64_t number) const {
  constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15;  // Knuth, TAOCP 3, 6.4
  return &table_[number * kMultiplier >> 32 & (buckets_ - 1)];
}

BlockCache::Block* BlockCache::find(std::uint64_t number) const {
  Block* block = *bucket(number);
  while (block != nullptr && block->number != number) block = block->chain;
  return block;
}

void BlockCache::insert(Block& block, std::uint64_t number) {
  block.number = number;
  Block** const first = bucket(number);
  block.chain = *first;
  *first = &block;
  block.newer = &list_;
  block.older = list_.older;
  block.older->newer = &block;
  list_.older = &block;
  ++count_;
}

void BlockCache::remove(Block& block) {
  Block** link = bucket(block.number);
  while (*link != &block) link = &(*link)->chain;
  *link = block.chain;
  block.older->newer = block.newer;
  block.newer->older = block.older;
  if (block.changed) --changed_;
  block.changed = false;
  --count_;
}

void BlockCache::dispose_of(Block& block) {
  remove(block);
  heap::free(block.data);
  dispose(&block);
}

void BlockCache::touch(Block& block) {
  block.older->newer = block.newer;
  block.newer->older = block.older;
  block.newer = &list_;
  block.older = list_.older;
  block.older->newer = &block;
  list_.older = &block;
}

BlockCache::Block* BlockCache::make_block() {
  auto* const data = static_cast<std::byte*>(heap::allocate(block_size_));
  if (data == nullptr) return nullptr;
  auto* const block = make<Block>();
  if (block == nullptr) {
    heap::free(data);
    return nullptr;
  }
  block->data = data;
  return block;
}

BlockCache::Block* BlockCache::oldest_unused(bool also_changed) {
  for (Link* link = list_.newer; link != &list_; link = link->newer) {
    auto& block = static_cast<Block&>(*link);
    if (block.uses == 0 && (also_changed || !block.changed)) return &block;
  }
  return nullptr;
}

/// A block for `number`, which is not here yet, with any contents.
Result<BlockCache::Block*> BlockCache::take(std::uint64_t number) {
  Block* block = count_ < most_ ? make_block() : nullptr;
  if (block == nullptr) {
    block = oldest_unused(true);
    if (block == nullptr) return failure(Error::no_memory);
    if (block->changed) static_cast<void>(write_back());  // has_failed() tells
    remove(*block);
  }
  insert(*block, number);
  return block;
}

Result<BlockCache::Reference> BlockCache::read(std::uint64_t number) {
  if (Block* const here = find(number); here != nullptr) {
    touch(*here);
    return Reference(*this, *here);
  }
  Block* const block = TRY(take(number));
  const std::span<std::byte> segment(block->data, block_size_);
  const Transfer transfer{number * block_size_, {&segment, 1}};
  ++block->uses;
  const auto done = medium_.transfer(Direction::read, {&transfer, 1});
  --block->uses;
  if (!done) {
    dispose_of(*block);
    return failure(done.error());
  }
  return Reference(*this, *block);
}

Result<BlockCache::Reference> BlockCache::to_overwrite(std::uint64_t number) {
  Block* block = find(number);
  if (block == nullptr)
    block = TRY(take(number));
  else
    touch(*block);
  return Reference(*this, *block);
}

Result<BlockCache::Reference> BlockCache::zeroed(std::uint64_t number) {
  auto block = TRY(to_overwrite(number));
  std::memset(block.data(), 0, block_size_);
  return block;
}

void BlockCache::read_ahead(std::uint64_t number, std::size_t count) {
  std::array<std::span<std::byte>, kMostAhead> segments;
  std::array<Block*, kMostAhead> blocks;
  std::array<Transfer, Medium::kMostTransfers> transfers;
  // Of a small cache only a part, or what is read would push out what was read.
  const std::uint64_t end = number + std::min({count, kMostAhead, most_ / 4});
  std::size_t taken = 0;
  std::size_t runs = 0;
  std::size_t first = 0;  // of the run's segments
  bool goes_on = false;
  for (; number < end; ++number) {
    const bool fits = goes_on && taken - first < kMostInRun;
    goes_on = false;
    if (has(number)) continue;
    if (!fits && runs == transfers.size()) break;
    const auto block = take(number);
    if (!block) break;
    ++(*block)->uses;
    if (!fits) {
      first = taken;
      transfers[runs++].offset = number * block_size_;
    }
    blocks[taken] = *block;
    segments[taken++] = {(*block)->data, block_size_};
    transfers[runs - 1].segments = std::span(segments).subspan(first, taken - first);
    goes_on = true;
  }
  if (taken == 0) return;
  const auto done = medium_.transfer(Direction::read, std::span(transfers).first(runs));
  for (Block* const block : std::span(blocks).first(taken)) {
    --block->uses;
    if (!done) dispose_of(*block);
  }
}

void BlockCache::forget(std::uint64_t number) {
  Block* const block = find(number);
  if (block == nullptr) return;
  if (block->uses == 0) return dispose_of(*block);
  if (block->changed) --changed_;
  block->changed = false;
}

/// Blocks in ascending order, those that lie side by side in one transfer.
Result<> BlockCache::write(std::span<Block*> blocks) {
  std::array<std::span<std::byte>, Medium::kMostTransfers * kMostInRun> segments;
  std::array<Transfer, Medium::kMostTransfers> transfers;
  Result<> all;
  while (!blocks.empty()) {
    std::size_t runs = 0;
    std::size_t used = 0;
    std::size_t taken = 0;
    while (taken < blocks.size() && runs < transfers.size()) {
      const std::size_t first = used;
      const std::uint64_t number = blocks[taken]->number;
      while (taken < blocks.size() && used - first < kMostInRun && blocks[taken]->number == number + (used - first))
        segments[used++] = {blocks[taken++]->data, block_size_};
      transfers[runs++] = {number * block_size_, std::span(segments).subspan(first, used - first)};
    }
    if (const auto done = medium_.transfer(Direction::write, std::span(transfers).first(runs)); !done) all = done;
    blocks = blocks.subspan(taken);
  }
  return all;
}

Result<> BlockCache::write_back() {
  if (changed_ == 0) return {};
  std::size_t count = 0;
  for (Link* link = list_.newer; link != &list_; link = link->newer)
    if (auto& block = static_cast<Block&>(*link); block.changed) {
      block.changed = false;
      ++block.uses;
      sorted_[count++] = &block;
    }
  changed_ = 0;
  const std::span<Block*> blocks(sorted_, count);
  std::ranges::sort(blocks, [](const Block* a, const Block* b) {
    return a->content != b->content ? a->content < b->content : a->number < b->number;
  });
  const auto is_data = [](const Block* block) { return block->content == Content::data; };
  const auto data = static_cast<std::size_t>(std::ranges::partition_point(blocks, is_data) - blocks.begin());
  auto done = write(blocks.first(data));
  if (const auto rest = write(blocks.subspan(data)); !rest) done = rest;
  for (Block* const block : blocks) --block->uses;
  if (!done) failed_ = true;
  return done;
}

Result<> BlockCache::sync() {
  const auto written = write_back();
  auto flushed = medium_.flush();
  if (!flushed) failed_ = true;
  return written ? flushed : written;
}

std::size_t BlockCache::give_back(std::size_t count) {
  std::size_t freed = 0;
  for (Link* link = list_.newer; link != &list_ && freed < count;) {
    auto& block = static_cast<Block&>(*link);
    link = link->newer;
    if (block.uses != 0 || block.changed) continue;
    dispose_of(block);
    ++freed;
  }
  return freed;
}

}  // namespace toro::filesystem
