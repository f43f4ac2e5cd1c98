// Where the blocks of a file lie.
#include "kernel/filesystem/ext2/block_map.hpp"

namespace toro::filesystem::ext2 {
namespace {

constexpr std::uint32_t kMostLevels = 3;

}  // namespace

Result<BlockMap::Way> BlockMap::way_to(std::uint64_t index) const {
  if (index < kDirectPointers) return Way{0, static_cast<std::uint32_t>(index), {}};
  index -= kDirectPointers;
  const std::uint64_t pointers = volume_.layout().pointers_per_block();
  std::uint64_t reach = pointers;
  for (std::uint32_t levels = 1; levels <= kMostLevels; ++levels, reach *= pointers) {
    if (index >= reach) {
      index -= reach;
      continue;
    }
    Way way{levels, kDirectPointers + levels - 1, {}};
    for (std::uint32_t level = levels; level-- > 0; index /= pointers)
      way.slots[level] = static_cast<std::uint32_t>(index % pointers);
    return way;
  }
  return failure(Error::too_large);
}

Result<std::uint32_t> BlockMap::find(std::uint64_t index) {
  const Way way = TRY(way_to(index));
  std::uint32_t block = item_.inode.pointers[way.root];
  for (std::uint32_t level = 0;; ++level) {
    if (block == 0) return 0U;
    if (!volume_.may_be_data(block)) return volume_.damage("a block pointer");
    if (level == way.levels) return block;
    block = TRY(volume_.cache().read(block)).as<std::uint32_t>()[way.slots[level]];
  }
}

Result<std::uint32_t> BlockMap::allocate() {
  const std::uint32_t block = TRY(volume_.allocate_block(item_.goal));
  item_.goal = block + 1;
  item_.inode.sectors += volume_.layout().block_size / 512;
  return block;
}

Result<BlockMap::Placed> BlockMap::place(std::uint64_t index) {
  const Way way = TRY(way_to(index));
  std::uint32_t* slot = &item_.inode.pointers[way.root];
  std::optional<Block> within;
  bool is_new = false;
  for (std::uint32_t level = 0;; ++level) {
    if (*slot == 0) {
      // Either all of the rest of the way is made, or nothing.
      if (!is_new && volume_.free_blocks() < way.levels - level + 1) return failure(Error::no_space);
      is_new = true;
      const std::uint32_t block = TRY(allocate());
      if (level < way.levels) {  // a block of pointers is empty before anything leads to it
        const auto pointers = volume_.cache().zeroed(block);
        if (!pointers) {
          static_cast<void>(free_one(block));
          return failure(pointers.error());
        }
        pointers->change(Content::metadata);
      }
      *slot = block;
      if (within) within->change(Content::metadata);
    } else if (!volume_.may_be_data(*slot)) {
      return volume_.damage("a block pointer");
    } else if (level == way.levels) {
      item_.goal = *slot + 1;
    }
    if (level == way.levels) return Placed{*slot, is_new};
    within = TRY(volume_.cache().read(*slot));
    slot = within->as<std::uint32_t>() + way.slots[level];
  }
}

Result<std::optional<Block>> BlockMap::read(std::uint64_t index, std::uint32_t ahead) {
  const std::uint32_t block = TRY(find(index));
  if (block == 0) return std::nullopt;
  if (ahead > 0 && !volume_.cache().has(block)) {
    std::uint32_t count = 1;
    const auto follows = [&] {
      const auto next = find(index + count);
      return next && *next == block + count;
    };
    while (count <= ahead && count < BlockCache::kMostAhead && follows()) ++count;
    if (count > 1) volume_.cache().read_ahead(block, count);
  }
  return TRY(volume_.cache().read(block));
}

Result<> BlockMap::free_one(std::uint32_t block) {
  const std::uint32_t sectors = volume_.layout().block_size / 512;
  TRY(volume_.free_block(block));
  if (item_.inode.sectors < sectors) return volume_.damage("an inode's count of sectors");
  item_.inode.sectors -= sectors;
  return {};
}

/// Of the tree at `root`, which has `levels` levels of pointers, frees what lies from its `first`-th block on. Each
/// pointer is cleared with what it led to, so that after an error nothing that is free is pointed to.
Result<> BlockMap::cut_tree(std::uint32_t& root, std::uint32_t levels, std::uint64_t first) {
  if (root == 0) return {};
  if (!volume_.may_be_data(root)) return volume_.damage("a block pointer");
  if (levels > 0) {
    std::uint64_t below = 1;  // blocks that one pointer here leads to
    for (std::uint32_t level = 1; level < levels; ++level) below *= volume_.layout().pointers_per_block();
    const auto block = TRY(volume_.cache().read(root));
    auto* const pointers = block.as<std::uint32_t>();
    std::uint64_t left = first % below;
    for (std::uint64_t i = first / below; i < volume_.layout().pointers_per_block(); ++i, left = 0) {
      if (pointers[i] == 0) continue;
      block.change(Content::metadata);
      TRY(cut_tree(pointers[i], levels - 1, left));
    }
  }
  if (first != 0) return {};
  const std::uint32_t block = root;
  root = 0;
  return free_one(block);
}

Result<> BlockMap::cut(std::uint64_t first) {
  for (std::uint32_t i = 0; i < kDirectPointers; ++i)
    if (i >= first) TRY(cut_tree(item_.inode.pointers[i], 0, 0));
  std::uint64_t begin = kDirectPointers;
  std::uint64_t reach = volume_.layout().pointers_per_block();
  for (std::uint32_t levels = 1; levels <= kMostLevels; ++levels) {
    if (first < begin + reach)
      TRY(cut_tree(item_.inode.pointers[kDirectPointers + levels - 1], levels, first > begin ? first - begin : 0));
    begin += reach;
    reach *= volume_.layout().pointers_per_block();
  }
  item_.goal = volume_.first_goal(item_.number);
  return {};
}

}  // namespace toro::filesystem::ext2
