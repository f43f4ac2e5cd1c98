// The heap of one core: allocation, release and resizing of blocks.
#include "kernel/memory/heap.hpp"

#include <atomic>
#include <bit>
#include <new>

#include "kernel/memory/heap_layout.hpp"

namespace toro::memory {
namespace {

constexpr std::size_t kLongest = SIZE_MAX / 4;  // no request beyond this is tried, so that sums below do not wrap

std::size_t round_up(std::size_t value, std::size_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

std::size_t granules_for(std::size_t size) {
  const std::size_t granules = (size + kGranule - 1) / kGranule + 1;
  return granules < 2 ? 2 : granules;
}

}  // namespace

Heap::Heap(const HeapConfiguration& configuration, QuickBlocks& quick) : configuration_{configuration}, quick_{quick} {
  quick_.secret = configuration.secret;
  quick_.room = QuickBlocks::kKeptBytes;
}

void Heap::fault(HeapFault fault, const void* block) const {
  configuration_.on_fault(fault, block);
  __builtin_trap();
}

// Headers.

std::uint64_t Heap::key(const Block& block) const {
  return block.address() + kGranule ^ configuration_.secret;
}

bool Heap::is_intact(const Block& block) const {
  const std::uint64_t state = block.word ^ block.check ^ key(block);
  return state == std::rotl(state, 4);
}

std::uint8_t Heap::state_of(const Block& block) const {
  if (!is_intact(block)) fault(HeapFault::corrupted_header, &block.next_free);
  return (block.word ^ block.check ^ key(block)) & 15;
}

void Heap::write(Block& block, std::uint8_t state, std::size_t granules, std::size_t previous) const {
  block.word = granules * kGranule | previous << Block::kPreviousShift |
               std::uint64_t{configuration_.owner} << Block::kOwnerShift;
  block.check = block.word ^ key(block) ^ state * Block::kEveryDigit;
}

// Checks the header first: to write it again would hide that it was corrupted.
void Heap::set_previous(Block& block, std::size_t previous) const {
  write(block, state_of(block), block.granules(), previous);
}

bool Heap::is_within(const void* address) const {
  const auto value = reinterpret_cast<std::uintptr_t>(address);
  return value % kGranule == 0 && value - quick_.lowest < quick_.length;
}

Heap::Block& Heap::live_block(const void* payload) const {
  if (!is_within(payload)) fault(HeapFault::foreign_pointer, payload);
  Block& block = *reinterpret_cast<Block*>(reinterpret_cast<std::uintptr_t>(payload) - kGranule);
  const std::uint8_t state = state_of(block);
  if (state == Block::free || state == Block::kept) fault(HeapFault::double_free, payload);
  if (state == Block::end) fault(HeapFault::foreign_pointer, payload);
  return block;
}

// Lists of free blocks.

Heap::Block* Heap::checked_link(Block* link) const {
  if (!is_within(link)) fault(HeapFault::corrupted_list, link);
  return link;
}

void Heap::link(Block& block) {
  const std::size_t index = Block::class_of(block.granules());
  Block* const head = free_[index];
  block.next_free = head;
  block.previous_free = nullptr;
  if (head != nullptr) head->previous_free = &block;
  free_[index] = &block;
  occupied_[index / 64] |= std::uint64_t{1} << index % 64;
}

void Heap::unlink(Block& block) {
  const std::size_t index = Block::class_of(block.granules());
  Block* const next = block.next_free;
  Block* const previous = block.previous_free;
  if (next != nullptr && checked_link(next)->previous_free != &block) fault(HeapFault::corrupted_list, block.payload());
  Block*& from = previous == nullptr ? free_[index] : checked_link(previous)->next_free;
  if (from != &block) fault(HeapFault::corrupted_list, block.payload());
  from = next;
  if (next != nullptr) next->previous_free = previous;
  if (free_[index] == nullptr) occupied_[index / 64] &= ~(std::uint64_t{1} << index % 64);
}

// Gives a linked block another size; it changes lists only where its class changes.
void Heap::resize_free(Block& block, std::size_t granules, std::size_t previous) {
  const bool moves = Block::class_of(block.granules()) != Block::class_of(granules);
  if (moves) unlink(block);
  write(block, Block::free, granules, previous);
  if (moves) link(block);
}

Heap::Block* Heap::find(std::size_t granules) const {
  const std::size_t index = Block::class_of(Block::round_up_to_class(granules));
  std::uint64_t bits = ~std::uint64_t{0} << index % 64;
  for (std::size_t word = index / 64; word < kClassWords; ++word) {
    bits &= occupied_[word];
    if (bits != 0) return free_[word * 64 + static_cast<std::size_t>(std::countr_zero(bits))];
    bits = ~std::uint64_t{0};
  }
  return nullptr;
}

// More free blocks, without more pages.
bool Heap::reclaim() {
  const bool collected = configuration_.collect != nullptr && configuration_.collect();
  return give_back_kept() || collected;
}

Heap::Block* Heap::find_or_grow(std::size_t granules) {
  Block* block = find(granules);
  if (block == nullptr && reclaim()) block = find(granules);
  if (block == nullptr) {
    if (!grow(Block::round_up_to_class(granules))) return nullptr;
    block = find(granules);
  }
  static_cast<void>(state_of(*block));
  if (block == spare_) spare_ = nullptr;
  return block;
}

// Regions.

Heap::Region* Heap::obtain(std::size_t bytes, std::size_t alignment) {
  const std::uintptr_t address =
      configuration_.pages.allocate(configuration_.pages.context, bytes / kPageSize, alignment);
  if (address == 0) return nullptr;
  Region* const region = new (reinterpret_cast<void*>(address)) Region{regions_, nullptr, bytes, nullptr};
  if (regions_ != nullptr) regions_->previous = region;
  regions_ = region;
  ++statistics_.regions;
  statistics_.region_bytes += bytes;
  const std::uintptr_t end = quick_.lowest + quick_.length;
  if (quick_.length == 0 || address < quick_.lowest) quick_.lowest = address;
  quick_.length = (address + bytes > end ? address + bytes : end) - quick_.lowest;
  return region;
}

void Heap::drop(Region& region) {
  (region.previous == nullptr ? regions_ : region.previous->next) = region.next;
  if (region.next != nullptr) region.next->previous = region.previous;
  --statistics_.regions;
  statistics_.region_bytes -= region.bytes;
  configuration_.pages.free(configuration_.pages.context, region.address(), region.pages());
}

// Adds a region with a free block of at least `granules`: of the usual size, or just what is needed when memory is
// short.
bool Heap::grow(std::size_t granules) {
  const std::size_t need = round_up(sizeof(Region) + granules * kGranule + kGranule, kPageSize);
  Region* region = obtain(need < kRegionBytes ? kRegionBytes : need, kPageSize);
  if (region == nullptr && need < kRegionBytes) region = obtain(need, kPageSize);
  if (region == nullptr) return false;
  const std::size_t length = (region->bytes - sizeof(Region)) / kGranule - 1;
  region->first = reinterpret_cast<Block*>(region + 1);
  write(*region->first, Block::free, length, 0);
  write(region->first->next(), Block::end, 1, length);
  link(*region->first);
  return true;
}

void* Heap::allocate_large(std::size_t size, std::size_t alignment) {
  const std::size_t offset = round_up(sizeof(Region) + kGranule, alignment);
  if (size > kLongest || offset / kGranule > Block::kFieldMask) return nullptr;
  const std::size_t bytes = round_up(offset + (size == 0 ? 1 : size), kPageSize);
  if (alignment < kPageSize) alignment = kPageSize;
  Region* region = obtain(bytes, alignment);
  if (region == nullptr && reclaim()) region = obtain(bytes, alignment);
  if (region == nullptr) return nullptr;
  region->first = reinterpret_cast<Block*>(region->address() + offset - kGranule);
  write(*region->first, Block::large, 0, offset / kGranule - 1);
  return finish(*region->first);
}

// Blocks.

std::size_t Heap::payload_bytes(const Block& block) const {
  if (state_of(block) != Block::large) return block.size();
  const auto& region = reinterpret_cast<const Region&>(block.previous());
  return region.address() + region.bytes - block.address() - kGranule;
}

void Heap::count_growth(std::size_t bytes) {
  statistics_.bytes_in_use += bytes;
  if (statistics_.bytes_in_use > statistics_.peak_bytes) statistics_.peak_bytes = statistics_.bytes_in_use;
}

void* Heap::finish(Block& block) {
  ++statistics_.blocks;
  count_growth(payload_bytes(block));
  return block.payload();
}

HeapStatistics Heap::statistics() const {
  HeapStatistics statistics = statistics_;
  for (std::size_t index = 0; index < std::size(quick_.lists); ++index) {
    for (const QuickBlocks::Kept* kept = quick_.lists[index].first; kept != nullptr; kept = kept->next) {
      --statistics.blocks;
      statistics.kept_bytes += index * kGranule - kGranule;
    }
  }
  statistics.bytes_in_use -= statistics.kept_bytes;
  return statistics;
}

void* Heap::allocate(std::size_t size) {
  return allocate(size, kMinimumAlignment);
}

// Blocks are cut from the far end of a free block: what remains stays where it is, and mostly in its class.
void* Heap::allocate(std::size_t size, std::size_t alignment) {
  if (!std::has_single_bit(alignment)) return nullptr;
  if (alignment <= kMinimumAlignment) {
    if (void* const block = take_kept(size)) return block;
    if (configuration_.collect != nullptr && configuration_.collect())
      if (void* const block = take_kept(size)) return block;
    alignment = kMinimumAlignment;
  }
  if (size >= kLargeBytes || alignment >= kLargeBytes) return allocate_large(size, alignment);
  // Beyond the minimum: long enough that a whole free block is left before the aligned place, however the block lies.
  const std::size_t slack = alignment == kMinimumAlignment ? 0 : alignment / kGranule + 1;
  const std::size_t granules = granules_for(size);
  Block* const block = find_or_grow(granules + slack);
  if (block == nullptr) return nullptr;
  const std::size_t length = block->granules();
  const std::uintptr_t payload = (block->address() + (length - granules + 1) * kGranule) & ~(alignment - 1);
  std::size_t rest = (payload - kGranule - block->address()) / kGranule;
  std::size_t previous = rest;
  if (rest < Block::kSmallest) {
    rest = 0;
    previous = block->previous_granules();
    unlink(*block);
  } else {
    resize_free(*block, rest, block->previous_granules());
  }
  Block& taken = block->after(rest);
  write(taken, Block::live, length - rest, previous);
  set_previous(taken.next(), length - rest);
  trim(taken, granules);
  return finish(taken);
}

// Makes a free block of what a live block has beyond `granules`, where that is long enough to be one.
void Heap::trim(Block& block, std::size_t granules) {
  const std::size_t rest = block.granules() - granules;
  if (rest < Block::kSmallest) return;
  write(block, Block::live, granules, block.previous_granules());
  Block& tail = block.next();
  write(tail, Block::live, rest, granules);
  give(tail);  // which tells the block after it
}

// Joins a block with its free neighbours, and gives an empty region back when another one is kept.
void Heap::give(Block& block) {
  std::size_t granules = block.granules();
  const std::size_t distance = block.previous_granules();
  Block& next = block.next();
  if (state_of(next) == Block::free) {
    unlink(next);
    granules += next.granules();
  }
  Block* joined = &block;
  write(block, Block::free, granules, distance);  // even when it joins the one before: a second free is told by it
  Block& before = block.previous();               // itself, when it is the first
  if (distance != 0 && state_of(before) == Block::free) {
    joined = &before;
    granules += distance;
    resize_free(before, granules, before.previous_granules());
  } else {
    link(block);
  }
  Block& following = joined->next();
  set_previous(following, granules);
  if (joined->previous_granules() != 0 || state_of(following) != Block::end) return;
  Region& region = reinterpret_cast<Region*>(joined)[-1];
  if (spare_ == nullptr && region.bytes <= kRegionBytes) {
    spare_ = joined;
  } else {
    unlink(*joined);
    drop(region);
  }
}

void Heap::free(void* payload) {
  if (payload == nullptr || quick_.keep(payload)) return;
  Block& block = live_block(payload);
  if (block.bytes() - 1 < QuickBlocks::kLargest) give_back_kept();  // there was no room for it
  release(block);
}

void Heap::release(Block& block) {
  --statistics_.blocks;
  statistics_.bytes_in_use -= payload_bytes(block);
  if (state_of(block) == Block::large) {
    auto& region = reinterpret_cast<Region&>(block.previous());
    write(block, Block::free, 0, block.previous_granules());
    drop(region);
  } else {
    give(block);
  }
}

bool Heap::give_back_kept() {
  if (quick_.room == QuickBlocks::kKeptBytes) return false;
  for (std::size_t size = kGranule; QuickBlocks::block_size(size) <= QuickBlocks::kLargest; size += kGranule)
    while (void* const payload = take_kept(size)) release(live_block(payload));
  return true;
}

void* Heap::take_kept(std::size_t size) {
  void* const payload = quick_.take(size);
  const std::size_t bytes = QuickBlocks::block_size(size);
  if (payload == nullptr && bytes <= QuickBlocks::kLargest && quick_.list_of(bytes).first != nullptr)
    fault(HeapFault::corrupted_list, quick_.list_of(bytes).first);
  return payload;
}

bool Heap::resize_in_place(Block& block, std::size_t size) {
  if (state_of(block) == Block::large) {
    auto& region = reinterpret_cast<Region&>(block.previous());
    const std::size_t bytes = round_up(block.address() + kGranule - region.address() + size, kPageSize);
    if (bytes > region.bytes) return false;
    if (bytes < region.bytes) {
      configuration_.pages.free(configuration_.pages.context, region.address() + bytes,
                                (region.bytes - bytes) / kPageSize);
      statistics_.region_bytes -= region.bytes - bytes;
      region.bytes = bytes;
    }
    return true;
  }
  const std::size_t granules = granules_for(size);
  if (granules > block.granules()) {
    Block& next = block.next();
    const std::size_t length = block.granules() + next.granules();
    if (state_of(next) != Block::free || granules > length) return false;
    unlink(next);
    write(block, Block::live, length, block.previous_granules());
    set_previous(block.next(), length);
  }
  trim(block, granules);
  return true;
}

void* Heap::reallocate(void* payload, std::size_t size) {
  if (payload == nullptr) return allocate(size);
  Block& block = live_block(payload);
  const std::size_t old_size = payload_bytes(block);
  if (size <= kLongest && resize_in_place(block, size)) {
    statistics_.bytes_in_use -= old_size;
    count_growth(payload_bytes(block));
    return payload;
  }
  void* const moved = allocate(size);
  if (moved == nullptr) return nullptr;
  __builtin_memcpy(moved, payload, old_size < size ? old_size : size);
  free(payload);
  return moved;
}

std::size_t Heap::usable_size(const void* payload) const {
  return payload == nullptr ? 0 : payload_bytes(live_block(payload));
}

namespace {

// The owner may be writing the word: the neighbour's size is in it.
std::uint64_t word_of(const void* payload) {
  auto* const word = reinterpret_cast<std::uint64_t*>(reinterpret_cast<std::uintptr_t>(payload) - kGranule);
  return std::atomic_ref{*word}.load(std::memory_order_relaxed);
}

}  // namespace

std::uint16_t Heap::owner_of(const void* payload) {
  return static_cast<std::uint16_t>(word_of(payload) >> Block::kOwnerShift);
}

std::size_t Heap::usable_size_elsewhere(const void* payload) const {
  const auto size = static_cast<std::uint32_t>(word_of(payload));
  return size != 0 ? size - kGranule : usable_size(payload);  // a large block has no neighbour whose size would change
}

}  // namespace toro::memory
