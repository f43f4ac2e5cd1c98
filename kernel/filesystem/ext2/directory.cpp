// The entries of a directory.
#include "kernel/filesystem/ext2/directory.hpp"

namespace toro::filesystem::ext2 {
namespace {

constexpr std::uint32_t kReadAhead = 15;
constexpr std::uint32_t kMostBlocks = 1U << 19;  // with 4 KiB: 2 GiB, which the size can say

/// Bytes of an entry, with what aligns the next one.
std::uint32_t length_for(std::size_t name_size) {
  return static_cast<std::uint32_t>(sizeof(Entry) + name_size + 3) & ~3U;
}

std::string_view name_of(const Entry& entry) {
  return {entry.name(), entry.name_size};
}

bool is_dots(std::string_view name) {
  return name == "." || name == "..";
}

std::uint8_t entry_type_of(FileType type) {
  switch (type) {
    case FileType::regular:
      return kRegularEntry;
    case FileType::directory:
      return kDirectoryEntry;
    case FileType::symlink:
      return kSymlinkEntry;
    case FileType::unknown:
      break;
  }
  return kUnknownEntry;
}

FileType type_of(const Entry& entry) {
  switch (entry.type) {
    case kRegularEntry:
      return FileType::regular;
    case kDirectoryEntry:
      return FileType::directory;
    case kSymlinkEntry:
      return FileType::symlink;
    default:
      return FileType::unknown;
  }
}

}  // namespace

std::uint32_t Directory::blocks() const {
  const std::uint64_t count = item_.size() / volume_.layout().block_size;
  return static_cast<std::uint32_t>(count);
}

Result<Block> Directory::block(std::uint32_t index) {
  auto found = TRY(BlockMap(volume_, item_).read(index, kReadAhead));
  if (!found) return volume_.damage("a directory with a hole");
  return std::move(*found);
}

/// The entry at `offset`, which is less than the block's size.
Result<Entry*> Directory::entry(const Block& block, std::uint32_t offset) {
  const std::uint32_t left = volume_.layout().block_size - offset;
  auto* const found = block.as<Entry>(offset);
  if (left < sizeof(Entry) || found->length < sizeof(Entry) || found->length > left || found->length % 4 != 0)
    return volume_.damage("a directory entry's length");
  if (found->inode != 0 && (found->name_size == 0 || sizeof(Entry) + found->name_size > found->length))
    return volume_.damage("a directory entry's name");
  return found;
}

template <class F>
Result<> Directory::each_entry(F f) {
  const std::uint32_t size = volume_.layout().block_size;
  for (std::uint32_t index = 0; index < blocks(); ++index) {
    const auto within = TRY(block(index));
    for (std::uint32_t offset = 0; offset < size;) {
      const Entry* const at = TRY(entry(within, offset));
      if (at->inode != 0 && f(*at, NameIndex::Position{index, offset})) return {};
      offset += at->length;
    }
  }
  return {};
}

Result<Directory::Place> Directory::search(std::string_view name) {
  Place place;
  TRY(each_entry([&](const Entry& at, NameIndex::Position position) {
    if (name_of(at) != name) return false;
    place = {at.inode, position.block, position.offset};
    return true;
  }));
  if (place.inode == 0) return failure(Error::no_entry);
  return place;
}

Result<Directory::Place> Directory::search(const NameIndex& index, std::string_view name) {
  Result<Place> found = failure(Error::no_entry);
  const auto is_it = [&](NameIndex::Position position) -> Result<bool> {
    const auto within = TRY(block(position.block));
    const Entry* const at = TRY(entry(within, position.offset));
    if (at->inode == 0 || name_of(*at) != name) return false;
    found = Place{at->inode, position.block, position.offset};
    return true;
  };
  index.each(NameIndex::hash_of(name), [&](NameIndex::Position position) {
    const auto is = is_it(position);
    if (!is) found = failure(is.error());
    return !is || *is;
  });
  return found;
}

void Directory::make_index(NameIndex& index) {
  const std::size_t most = volume_.most_index_bytes();
  const auto done = each_entry([&](const Entry& at, NameIndex::Position position) {
    index.add(NameIndex::hash_of(name_of(at)), position, most);
    return index.has_failed();
  });
  if (!done) return index.fail();
  index.end();
}

NameIndex* Directory::name_index() {
  constexpr std::uint32_t kWorthwhile = 2;  // blocks
  if (blocks() < kWorthwhile) return nullptr;
  NameIndex& index = inodes_.name_indices().of(item_.number);
  if (!index.is_complete() && !index.has_failed()) make_index(index);
  return index.is_complete() ? &index : nullptr;
}

Result<Directory::Place> Directory::find(std::string_view name) {
  NameIndex* const index = name_index();
  return index == nullptr ? search(name) : search(*index, name);
}

void Directory::write(Entry& to, std::string_view name, const Item& what) const {
  to.inode = what.number;
  to.name_size = static_cast<std::uint8_t>(name.size());
  to.type = volume_.layout().entry_types ? entry_type_of(what.type()) : std::uint8_t{0};
  std::memcpy(to.name(), name.data(), name.size());
}

void Directory::added(std::string_view name, NameIndex::Position position) {
  NameIndex* const index = inodes_.name_indices().find(item_.number);
  if (index != nullptr) index->add(NameIndex::hash_of(name), position, volume_.most_index_bytes());
}

/// Indices on the disk, which others make, do not hold any more.
void Directory::changed(const Block& block) {
  block.change(Content::metadata);
  item_.inode.flags &= ~kIndexedDirectory;
  item_.touch();
}

/// False: the block has no room.
Result<bool> Directory::add_to(std::uint32_t index, std::string_view name, const Item& what) {
  const auto within = TRY(block(index));
  const std::uint32_t size = volume_.layout().block_size;
  const std::uint32_t needed = length_for(name.size());
  for (std::uint32_t offset = 0; offset < size;) {
    Entry* at = TRY(entry(within, offset));
    const std::uint32_t used = at->inode == 0 ? 0 : length_for(at->name_size);
    if (at->length >= used + needed) {
      const auto rest = static_cast<std::uint16_t>(at->length - used);
      if (used != 0) {
        at->length = static_cast<std::uint16_t>(used);
        at = within.as<Entry>(offset + used);
        at->length = rest;
      }
      write(*at, name, what);
      changed(within);
      added(name, {index, offset + used});
      return true;
    }
    offset += at->length;
  }
  return false;
}

Result<> Directory::append(std::string_view name, const Item& what) {
  const std::uint32_t index = blocks();
  const std::uint32_t size = volume_.layout().block_size;
  if (index >= kMostBlocks) return failure(Error::no_space);
  const auto placed = TRY(BlockMap(volume_, item_).place(index));
  if (!placed.is_new) return volume_.damage("a directory with blocks beyond its end");
  const auto block = TRY(volume_.cache().zeroed(placed.block));
  block.as<Entry>()->length = static_cast<std::uint16_t>(size);
  write(*block.as<Entry>(), name, what);
  item_.set_size(item_.size() + size);
  changed(block);
  added(name, {index, 0});
  return {};
}

Result<> Directory::add(std::string_view name, const Item& what) {
  auto& room = inodes_.room(item_.number);
  for (; room.index < blocks(); ++room.index)
    if (TRY(add_to(room.index, name, what))) return inodes_.store(item_);
  const auto appended = append(name, what);
  const auto stored = inodes_.store(item_);
  return appended ? stored : appended;
}

Result<> Directory::remove(const Place& place) {
  const auto within = TRY(block(place.index));
  Entry* before = nullptr;
  std::uint32_t offset = 0;
  for (; offset < place.offset; offset += before->length) before = TRY(entry(within, offset));
  if (offset != place.offset) return volume_.damage("a directory entry's place");
  Entry* const at = TRY(entry(within, place.offset));
  if (NameIndex* const index = inodes_.name_indices().find(item_.number))
    index->remove(NameIndex::hash_of(name_of(*at)), {place.index, place.offset});
  if (before != nullptr) before->length = static_cast<std::uint16_t>(before->length + at->length);
  at->inode = 0;
  changed(within);
  auto& room = inodes_.room(item_.number);
  if (place.index < room.index) room.index = place.index;
  return inodes_.store(item_);
}

Result<> Directory::redirect(const Place& place, const Item& what) {
  const auto within = TRY(block(place.index));
  Entry* const at = TRY(entry(within, place.offset));
  at->inode = what.number;
  if (volume_.layout().entry_types) at->type = entry_type_of(what.type());
  changed(within);
  return inodes_.store(item_);
}

Result<bool> Directory::is_empty() {
  bool empty = true;
  TRY(each_entry([&](const Entry& at, NameIndex::Position) {
    empty = is_dots(name_of(at));
    return !empty;
  }));
  return empty;
}

Result<> Directory::list(std::uint64_t cookie, EntrySink sink) {
  const std::uint32_t size = volume_.layout().block_size;
  for (std::uint64_t index = cookie / size; index < blocks(); ++index) {
    const auto within = TRY(block(static_cast<std::uint32_t>(index)));
    for (std::uint32_t offset = 0; offset < size;) {
      const Entry* const at = TRY(entry(within, offset));
      const std::uint64_t position = index * size + offset;
      offset += at->length;
      // Entries may have been joined since: the next that begins at the cookie or behind it.
      if (position < cookie || at->inode == 0 || is_dots(name_of(*at))) continue;
      const std::string_view name = name_of(*at);
      if (name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos)
        return volume_.damage("a directory entry's name");
      if (!sink.add(sink.context, name, {at->inode, type_of(*at)}, at->inode, index * size + offset)) return {};
    }
  }
  return {};
}

Result<> Directory::make(std::uint32_t parent) {
  constexpr std::uint32_t kDot = 12;
  const auto placed = TRY(BlockMap(volume_, item_).place(0));
  const auto block = TRY(volume_.cache().zeroed(placed.block));
  Item above;
  above.number = parent;
  above.inode.mode = kDirectoryMode;
  auto& dot = *block.as<Entry>();
  auto& dots = *block.as<Entry>(kDot);
  dot.length = kDot;
  dots.length = static_cast<std::uint16_t>(volume_.layout().block_size - kDot);
  write(dot, ".", item_);
  write(dots, "..", above);
  block.change(Content::metadata);
  if (NameIndex* const index = inodes_.name_indices().find(item_.number)) index->forget();  // of one before it
  item_.set_size(volume_.layout().block_size);
  return {};
}

}  // namespace toro::filesystem::ext2
