// The heap's account of itself: whether all of it is as it must be, and what a fault is called.
#include "kernel/memory/heap.hpp"
#include "kernel/memory/heap_layout.hpp"

namespace toro::memory {

const char* name(HeapFault fault) {
  switch (fault) {
    case HeapFault::double_free:
      return "double free";
    case HeapFault::corrupted_header:
      return "corrupted block header";
    case HeapFault::corrupted_list:
      return "write after free";
    case HeapFault::foreign_pointer:
      return "pointer that is no block of this heap";
  }
  return "damaged heap";
}

bool Heap::is_sound() const {
  HeapStatistics seen;
  std::size_t free_blocks = 0;
  for (const Region* region = regions_; region != nullptr; region = region->next) {
    ++seen.regions;
    seen.region_bytes += region->bytes;
    if (region->next != nullptr && region->next->previous != region) return false;
    const Block* block = region->first;
    if (!is_intact(*block) ||
        block->previous_granules() !=
            (state_of(*block) == Block::large ? (block->address() - region->address()) / kGranule : 0))
      return false;
    bool free_before = false;
    for (; state_of(*block) != Block::end && state_of(*block) != Block::large; block = &block->next()) {
      const bool is_free = state_of(*block) == Block::free;
      if (block->granules() < Block::kSmallest || (is_free && free_before)) return false;
      if (is_free) {
        ++free_blocks;
      } else {
        if (state_of(*block) == Block::kept) seen.kept_bytes += block->bytes();
        ++seen.blocks;
        seen.bytes_in_use += block->size();
      }
      free_before = is_free;
      const Block& next = block->next();
      if (!is_within(&next) || !is_intact(next) || next.previous_granules() != block->granules()) return false;
    }
    if (state_of(*block) == Block::large) {
      ++seen.blocks;
      seen.bytes_in_use += payload_bytes(*block);
    } else if (block->address() + kGranule != region->address() + region->bytes) {
      return false;
    }
  }
  for (std::size_t index = 0; index < kClasses; ++index) {
    if ((free_[index] != nullptr) != ((occupied_[index / 64] >> index % 64 & 1) != 0)) return false;
    const Block* previous = nullptr;
    for (const Block* block = free_[index]; block != nullptr; previous = block, block = block->next_free) {
      if (!is_within(block) || !is_intact(*block) || state_of(*block) != Block::free) return false;
      if (block->previous_free != previous || Block::class_of(block->granules()) != index) return false;
      if (free_blocks-- == 0) return false;
    }
  }
  std::size_t kept_bytes = 0;  // with their headers
  for (std::size_t index = 0; index < std::size(quick_.lists); ++index) {
    for (const QuickBlocks::Kept* kept = quick_.lists[index].first; kept != nullptr; kept = kept->next) {
      const auto& block = *reinterpret_cast<const Block*>(reinterpret_cast<std::uintptr_t>(kept) - kGranule);
      if (!is_within(kept) || !is_intact(block) || state_of(block) != Block::kept) return false;
      if (block.bytes() != index * kGranule || kept->check != (QuickBlocks::bits(kept->next) ^ key(block)))
        return false;
      kept_bytes += block.bytes();
      if (kept_bytes > seen.kept_bytes) return false;
    }
  }
  return free_blocks == 0 && kept_bytes == seen.kept_bytes &&
         kept_bytes == static_cast<std::size_t>(QuickBlocks::kKeptBytes - quick_.room) &&
         seen.blocks == statistics_.blocks && seen.bytes_in_use == statistics_.bytes_in_use &&
         seen.regions == statistics_.regions && seen.region_bytes == statistics_.region_bytes;
}

}  // namespace toro::memory
