// ext2: what is in files.
#include <algorithm>

#include "kernel/filesystem/ext2/ext2.hpp"

namespace toro::filesystem::ext2 {
namespace {

constexpr std::uint32_t kMostAhead = BlockCache::kMostAhead;

}  // namespace

Result<std::size_t> Ext2::read(Node node, std::uint64_t offset, std::span<std::byte> to) {
  Item& item = *TRY(regular(node));
  const std::uint64_t size = item.size();
  if (offset >= size) return std::size_t{0};
  const std::uint32_t block_size = volume_.layout().block_size;
  const std::size_t count = std::min<std::uint64_t>(to.size(), size - offset);
  // Who goes on where the last read ended gets more and more in advance.
  item.read_window = offset == item.read_end ? std::min(2 * item.read_window + 4, kMostAhead) : 0;
  item.read_end = offset + count;
  const std::uint64_t end = (offset + count - 1) / block_size;
  BlockMap map(volume_, item);
  for (std::size_t done = 0; done < count;) {
    const std::uint64_t index = (offset + done) / block_size;
    const std::size_t at = (offset + done) % block_size;
    const std::size_t length = std::min<std::size_t>(block_size - at, count - done);
    const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(end - index, kMostAhead));
    const auto block = map.read(index, wanted + item.read_window);
    if (!block && done != 0) {
      item.read_end = offset + done;
      return done;
    }
    if (!block) return failure(block.error());
    if (*block)
      std::memcpy(to.data() + done, (*block)->data() + at, length);
    else
      std::memset(to.data() + done, 0, length);
    done += length;
  }
  return count;
}

/// What lies behind `size` in its block becomes zeros: the file is cut there, or goes on behind it.
Result<> Ext2::zero_tail(Item& item, std::uint64_t size) {
  const std::uint32_t block_size = volume_.layout().block_size;
  if (size % block_size == 0) return {};
  const auto block = TRY(BlockMap(volume_, item).read(size / block_size, 0));
  if (!block) return {};
  const auto tail = block->bytes().subspan(size % block_size);
  if (std::ranges::all_of(tail, [](std::byte b) { return b == std::byte{0}; })) return {};
  std::ranges::fill(tail, std::byte{0});
  block->change(Content::data);
  return {};
}

/// Of one block.
Result<> Ext2::write_block(Item& item, std::uint64_t offset, std::span<const std::byte> from) {
  const std::uint32_t block_size = volume_.layout().block_size;
  BlockCache& cache = volume_.cache();
  const auto placed = TRY(BlockMap(volume_, item).place(offset / block_size));
  const auto block = from.size() == block_size ? TRY(cache.to_overwrite(placed.block))
                     : placed.is_new           ? TRY(cache.zeroed(placed.block))
                                               : TRY(cache.read(placed.block));
  std::memcpy(block.data() + offset % block_size, from.data(), from.size());
  block.change(Content::data);
  return {};
}

Result<std::size_t> Ext2::write(Node node, std::uint64_t offset, std::span<const std::byte> from) {
  Item& item = *TRY(regular(node));
  TRY(volume_.begin_change());
  const Layout& layout = volume_.layout();
  const std::uint64_t most = layout.most_bytes();
  if (from.empty()) return std::size_t{0};
  if (offset >= most) return failure(Error::too_large);
  const std::size_t count = std::min<std::uint64_t>(from.size(), most - offset);
  if (offset + count > INT32_MAX) TRY(volume_.allow_large_file());
  if (offset > item.size()) TRY(zero_tail(item, item.size()));
  std::size_t done = 0;
  Result<> written;
  while (done < count) {
    const std::size_t length =
        std::min<std::size_t>(layout.block_size - (offset + done) % layout.block_size, count - done);
    written = write_block(item, offset + done, from.subspan(done, length));
    if (!written) break;
    done += length;
    item.set_size(std::max(item.size(), offset + done));
  }
  if (done != 0) item.touch();
  const auto stored = inodes_.store(item);
  if (done == 0) return failure(written.error());
  if (!stored) return failure(stored.error());
  // Half of the cache stays for what is read.
  if (volume_.cache().changed() > volume_.cache().most() / 2) static_cast<void>(volume_.cache().write_back());
  return done;
}

Result<> Ext2::truncate(Node node, std::uint64_t size) {
  Item& item = *TRY(regular(node));
  TRY(volume_.begin_change());
  if (size > volume_.layout().most_bytes()) return failure(Error::too_large);
  if (size > INT32_MAX) TRY(volume_.allow_large_file());
  const std::uint32_t block_size = volume_.layout().block_size;
  const std::uint64_t old = item.size();
  TRY(zero_tail(item, std::min(old, size)));
  Result<> cut;
  if (size < old) {
    item.set_size(size);
    cut = BlockMap(volume_, item).cut((size + block_size - 1) / block_size);
  }
  item.set_size(size);
  item.touch();
  const auto stored = inodes_.store(item);
  return cut ? stored : cut;
}

Result<std::size_t> Ext2::read_link(Node node, std::span<char> to) {
  Item& item = inodes_.item(node);
  if (!item.is(FileType::symlink)) return failure(Error::invalid);
  const std::size_t size = item.size();
  const std::size_t count = std::min(size, to.size());
  if (item.is_short_link(volume_.layout().block_size)) {
    std::memcpy(to.data(), item.inode.pointers, count);
    return size;
  }
  const auto block = TRY(BlockMap(volume_, item).read(0, 0));
  if (!block) return volume_.damage("a symbolic link");
  std::memcpy(to.data(), block->data(), count);
  return size;
}

Result<> Ext2::read_directory(Node node, std::uint64_t cookie, EntrySink sink) {
  return entries(*TRY(directory(node))).list(cookie, sink);
}

}  // namespace toro::filesystem::ext2
