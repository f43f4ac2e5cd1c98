// ext2: mounted, its inodes, and the end.
#include "kernel/filesystem/ext2/ext2.hpp"

namespace toro::filesystem::ext2 {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kHighShift = 16;

}  // namespace

Result<Opened> Ext2::open(Medium& medium, Access access, std::size_t cache_bytes) {
  const auto volume = Volume::open(medium, access, cache_bytes);
  if (!volume) {
    medium.close();
    return failure(volume.error());
  }
  auto* const made = make<Ext2>(**volume);
  if (made == nullptr) {
    (*volume)->close();
    return failure(Error::no_memory);
  }
  const auto root = made->inodes_.hold(kRootInode);
  if (!root || !(*root)->is(FileType::directory)) {
    made->destroy();
    return failure(root ? Error::damaged : root.error());
  }
  return Opened{made, made->volume_.access()};
}

void Ext2::destroy() {
  Volume& volume = volume_;
  dispose(this);
  volume.close();
}

Result<> Ext2::finish() {
  if (volume_.access() == Access::read_write)
    while (Item* const item = inodes_.nameless()) {
      const auto erased = erase(*item);
      // Whoever holds it still may; it is no inode any more.
      const std::uint16_t mode = item->inode.mode;
      item->inode = {};
      item->inode.mode = mode;
      item->inode.links = 1;
      if (!erased) break;
    }
  return volume_.finish();
}

Result<Item*> Ext2::directory(Node node) const {
  Item& item = inodes_.item(node);
  if (!item.is(FileType::directory)) return failure(Error::not_directory);
  if (item.inode.links == 0) return failure(Error::no_entry);  // removed while it is held
  return &item;
}

Result<Item*> Ext2::regular(Node node) const {
  Item& item = inodes_.item(node);
  if (!item.is(FileType::regular)) return failure(item.is(FileType::unknown) ? Error::not_supported : Error::invalid);
  return &item;
}

Result<Ext2::Held> Ext2::hold_number(std::uint32_t number) {
  return Held(*this, *TRY(inodes_.hold(number)));
}

void Ext2::release(Item& item) {
  if (!inodes_.release(item)) return;
  if (volume_.access() == Access::read_write) static_cast<void>(erase(item));  // what fails is reported
  inodes_.remove(item);
}

Result<> Ext2::erase_attributes(Item& item) {
  const std::uint32_t number = item.inode.attributes_block;
  if (number == 0) return {};
  item.inode.attributes_block = 0;
  std::uint32_t references = 0;
  {
    const auto block = TRY(volume_.cache().read(number));
    auto& header = *block.as<AttributesHeader>();
    if (header.magic != kAttributesMagic || header.references == 0)
      return volume_.damage("a block of extended attributes");
    references = --header.references;
    block.change(Content::metadata);
  }
  const std::uint32_t sectors = volume_.layout().block_size / 512;
  item.inode.sectors -= item.inode.sectors < sectors ? item.inode.sectors : sectors;
  return references == 0 ? volume_.free_block(number) : Result<>{};
}

/// Frees an inode without a name, and its blocks.
Result<> Ext2::erase(Item& item) {
  TRY(volume_.begin_change());
  const bool is_directory = item.is(FileType::directory);
  if (item.is(FileType::regular) || is_directory ||
      (item.is(FileType::symlink) && !item.is_short_link(volume_.layout().block_size))) {
    const auto cut = BlockMap(volume_, item).cut(0);
    if (!cut) {
      static_cast<void>(inodes_.store(item));
      return cut;
    }
  }
  TRY(erase_attributes(item));
  item.set_size(0);
  item.inode.deleted = seconds_of(wall_clock());
  TRY(inodes_.store(item));
  return volume_.free_inode(item.number, is_directory ? Volume::Purpose::directory : Volume::Purpose::file);
}

Result<FileAttributes> Ext2::attributes(Node node) {
  const Item& item = inodes_.item(node);
  const Inode& inode = item.inode;
  return FileAttributes{
      .type = item.type(),
      .mode = static_cast<std::uint32_t>(inode.mode & kPermissionMask),
      .links = inode.links,
      .user = inode.user | std::uint32_t{inode.user_high} << kHighShift,
      .group = inode.group | std::uint32_t{inode.group_high} << kHighShift,
      .inode = item.number,
      .size = item.size(),
      .allocated = std::uint64_t{inode.sectors} * 512,
      .block_size = volume_.layout().block_size,
      .accessed = inode.accessed * kSecond,
      .modified = inode.modified * kSecond,
      .changed = inode.changed * kSecond,
  };
}

Result<> Ext2::change(Node node, const AttributeChange& change) {
  TRY(volume_.begin_change());
  Item& item = inodes_.item(node);
  Inode& inode = item.inode;
  if (change.mode) inode.mode = static_cast<std::uint16_t>((inode.mode & kTypeMask) | (*change.mode & kPermissionMask));
  if (change.user) {
    inode.user = static_cast<std::uint16_t>(*change.user);
    inode.user_high = static_cast<std::uint16_t>(*change.user >> kHighShift);
  }
  if (change.group) {
    inode.group = static_cast<std::uint16_t>(*change.group);
    inode.group_high = static_cast<std::uint16_t>(*change.group >> kHighShift);
  }
  if (change.accessed) inode.accessed = seconds_of(*change.accessed);
  if (change.modified) inode.modified = seconds_of(*change.modified);
  item.touch_attributes();
  return inodes_.store(item);
}

Statistics Ext2::statistics() {
  const Layout& layout = volume_.layout();
  return {.magic = kMagic,
          .block_size = layout.block_size,
          .blocks = layout.blocks,
          .free_blocks = volume_.free_blocks(),
          .files = layout.inodes,
          .free_files = volume_.free_inodes(),
          .read_only = volume_.access() == Access::read_only};
}

}  // namespace toro::filesystem::ext2
