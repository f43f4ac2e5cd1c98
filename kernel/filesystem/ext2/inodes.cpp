// Inodes that are in use.
#include "kernel/filesystem/ext2/inodes.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace toro::filesystem::ext2 {
namespace {

constexpr std::uint32_t kAhead = 32;  // blocks of an inode table

}  // namespace

std::int32_t seconds_of(std::int64_t time) {
  using Limits = std::numeric_limits<std::int32_t>;
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t seconds = time / kSecond - (time % kSecond < 0 ? 1 : 0);
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(seconds, Limits::min(), Limits::max()));
}

FileType Item::type() const {
  switch (inode.mode & kTypeMask) {
    case kRegularMode:
      return FileType::regular;
    case kDirectoryMode:
      return FileType::directory;
    case kSymlinkMode:
      return FileType::symlink;
    default:
      return FileType::unknown;
  }
}

void Item::touch() {
  inode.modified = inode.changed = seconds_of(wall_clock());
}
void Item::touch_attributes() {
  inode.changed = seconds_of(wall_clock());
}

Inodes::~Inodes() {
  for (Item* first : table_)
    while (first != nullptr) dispose(std::exchange(first, first->chain));
}

Item* Inodes::find(std::uint32_t number) const {
  Item* item = table_[number % kBuckets];
  while (item != nullptr && item->number != number) item = item->chain;
  return item;
}

void Inodes::insert(Item& item) {
  Item*& first = table_[item.number % kBuckets];
  item.chain = first;
  first = &item;
}

void Inodes::remove(Item& item) {
  Item** link = &table_[item.number % kBuckets];
  while (*link != &item) link = &(*link)->chain;
  *link = item.chain;
  dispose(&item);
}

/// What holds for every inode that has a name.
bool Inodes::is_possible(const Item& item) const {
  const Layout& layout = volume_.layout();
  const std::uint64_t size = item.size();
  if (item.inode.links == 0) return false;
  if (item.inode.attributes_block != 0 && !volume_.may_be_data(item.inode.attributes_block)) return false;
  switch (item.type()) {
    case FileType::directory:
      return size != 0 && size % layout.block_size == 0;
    case FileType::regular:
      return size <= layout.most_bytes();
    case FileType::symlink:
      return size != 0 && (item.is_short_link(layout.block_size) ? size <= sizeof item.inode.pointers
                                                                 : size <= layout.block_size && size < kMostPath);
    case FileType::unknown:
      break;
  }
  constexpr std::uint16_t kOthers[] = {0x1000, 0x2000, 0x6000, 0xc000};  // FIFO, devices, socket: can but be removed
  return std::ranges::find(kOthers, item.inode.mode & kTypeMask) != std::end(kOthers);
}

Result<Item*> Inodes::hold(std::uint32_t number) {
  if (Item* const here = find(number); here != nullptr) {
    if (here->inode.links == 0) return volume_.damage("an inode without links has a name");
    ++here->holds;
    return here;
  }
  if (!volume_.layout().may_be_file(number)) return volume_.damage("an inode's number");
  const auto [at, offset, blocks_left] = volume_.place_of(number);
  // A directory's files have inodes side by side.
  if (!volume_.cache().has(at)) volume_.cache().read_ahead(at, std::min(blocks_left, kAhead));
  const auto block = TRY(volume_.cache().read(at));
  Owned<Item> item(make<Item>());
  if (item == nullptr) return failure(Error::no_memory);
  item->number = number;
  item->holds = 1;
  item->inode = *block.as<Inode>(offset);
  item->goal = volume_.first_goal(number);
  if (!is_possible(*item)) return volume_.damage("an inode");
  insert(*item);
  return item.release();
}

Result<Item*> Inodes::make_new(std::uint32_t number) {
  if (find(number) != nullptr) return volume_.damage("an inode that is in use is free");
  const auto [at, offset, _] = volume_.place_of(number);
  const auto block = TRY(volume_.cache().read(at));
  Owned<Item> item(make<Item>());
  if (item == nullptr) return failure(Error::no_memory);
  const std::uint32_t generation = block.as<Inode>(offset)->generation + 1;
  std::memset(block.data() + offset, 0, volume_.layout().inode_size);
  block.change(Content::metadata);
  item->number = number;
  item->holds = 1;
  item->inode.generation = generation;
  item->goal = volume_.first_goal(number);
  insert(*item);
  return item.release();
}

bool Inodes::release(Item& item) {
  if (--item.holds != 0) return false;
  if (item.inode.links == 0) return true;
  remove(item);
  return false;
}

Result<> Inodes::store(const Item& item) {
  const auto [at, offset, _] = volume_.place_of(item.number);
  const auto block = TRY(volume_.cache().read(at));
  *block.as<Inode>(offset) = item.inode;
  block.change(Content::metadata);
  return {};
}

Item* Inodes::nameless() const {
  for (Item* first : table_)
    for (Item* item = first; item != nullptr; item = item->chain)
      if (item->inode.links == 0) return item;
  return nullptr;
}

}  // namespace toro::filesystem::ext2
