// ext2: names come, go and move.
#include "kernel/filesystem/ext2/ext2.hpp"

namespace toro::filesystem::ext2 {

Result<Found> Ext2::lookup(Node node, std::string_view name) {
  Item* const within = TRY(directory(node));
  const auto place = TRY(entries(*within).find(name));
  return found(*TRY(inodes_.hold(place.inode)));
}

Result<> Ext2::require_name_free(Item& within, std::string_view name) {
  const auto place = entries(within).find(name);
  if (place) return failure(Error::exists);
  return place.error() == Error::no_entry ? Result<>{} : failure(place.error());
}

/// The inode's contents, as the type asks for them.
Result<> Ext2::fill(Item& item, Item& within, const NewNode& what) {
  if (what.type == FileType::directory) return entries(item).make(within.number);
  if (what.type != FileType::symlink) return {};
  item.set_size(what.target.size());
  if (what.target.size() < sizeof item.inode.pointers) {
    std::memcpy(item.inode.pointers, what.target.data(), what.target.size());
    return {};
  }
  const auto placed = TRY(BlockMap(volume_, item).place(0));
  const auto block = TRY(volume_.cache().zeroed(placed.block));
  std::memcpy(block.data(), what.target.data(), what.target.size());
  block.change(Content::metadata);
  return {};
}

/// An inode with its contents, which no name leads to yet.
Result<Ext2::Held> Ext2::make_node(Item& within, const NewNode& what) {
  const bool is_directory = what.type == FileType::directory;
  const auto purpose = is_directory ? Volume::Purpose::directory : Volume::Purpose::file;
  const std::uint32_t number = TRY(volume_.allocate_inode(within.number, purpose));
  const auto made = inodes_.make_new(number);
  if (!made) {
    static_cast<void>(volume_.free_inode(number, purpose));
    return failure(made.error());
  }
  Held held(*this, **made);
  const std::uint16_t type = is_directory                     ? kDirectoryMode
                             : what.type == FileType::symlink ? kSymlinkMode
                                                              : kRegularMode;
  held->inode.mode = static_cast<std::uint16_t>(type | (what.mode & kPermissionMask));
  held->touch();
  held->inode.accessed = held->inode.modified;
  TRY(fill(*held, within, what));  // an error frees it, for it has no link yet
  return held;
}

Result<Found> Ext2::create(Node node, std::string_view name, const NewNode& what) {
  Item& within = *TRY(directory(node));
  TRY(volume_.begin_change());
  const bool is_directory = what.type == FileType::directory;
  if (is_directory && within.inode.links >= kMostLinks) return failure(Error::too_many_links);
  if (what.target.size() >= volume_.layout().block_size) return failure(Error::name_too_long);
  TRY(require_name_free(within, name));
  auto held = TRY(make_node(within, what));
  TRY(entries(within).add(name, *held));
  held->inode.links = is_directory ? 2 : 1;
  if (is_directory) ++within.inode.links;
  TRY(inodes_.store(*held));
  TRY(inodes_.store(within));
  return found(held.keep());
}

Result<> Ext2::link(Node node, std::string_view name, Node existing) {
  Item& within = *TRY(directory(node));
  Item& item = inodes_.item(existing);
  TRY(volume_.begin_change());
  if (item.is(FileType::directory)) return failure(Error::not_permitted);
  if (item.inode.links == 0) return failure(Error::no_entry);
  if (item.inode.links >= kMostLinks) return failure(Error::too_many_links);
  TRY(require_name_free(within, name));
  TRY(entries(within).add(name, item));
  ++item.inode.links;
  item.touch_attributes();
  return inodes_.store(item);
}

/// One name of `item` is gone.
Result<> Ext2::forget_name(Item& item) {
  if (item.is(FileType::directory))
    item.inode.links = 0;
  else
    --item.inode.links;
  item.touch_attributes();
  return inodes_.store(item);
}

Result<> Ext2::unlink(Node node, std::string_view name, bool directory_expected) {
  Item& within = *TRY(directory(node));
  TRY(volume_.begin_change());
  const auto place = TRY(entries(within).find(name));
  const auto held = TRY(hold_number(place.inode));
  const bool is_directory = held->is(FileType::directory);
  if (is_directory != directory_expected) return failure(is_directory ? Error::is_directory : Error::not_directory);
  if (is_directory) {
    if (held->number == kRootInode || within.inode.links <= 2) return volume_.damage("a directory's count of links");
    if (!TRY(entries(*held).is_empty())) return failure(Error::not_empty);
  }
  TRY(entries(within).remove(place));
  if (is_directory) {
    --within.inode.links;
    TRY(inodes_.store(within));
  }
  return forget_name(*held);
}

/// Whether `item` is `within` or lies above it.
Result<bool> Ext2::is_above(const Item& item, Item& within) {
  constexpr std::uint32_t kMostDepth = 1U << 16;
  std::uint32_t number = within.number;
  for (std::uint32_t depth = 0; depth < kMostDepth; ++depth) {
    if (number == item.number) return true;
    if (number == kRootInode) return false;
    const auto held = TRY(hold_number(number));
    if (!held->is(FileType::directory)) return volume_.damage("a directory's parent");
    const auto above = entries(*held).find("..");
    if (!above) return volume_.damage("a directory's parent");
    number = above->inode;
  }
  return volume_.damage("a directory's parent");
}

/// What `place` led to loses that name to `moved`.
Result<> Ext2::replace(Item& within, const Directory::Place& place, Item& moved) {
  const auto old = TRY(hold_number(place.inode));
  const bool is_directory = moved.is(FileType::directory);
  const bool old_is_directory = old->is(FileType::directory);
  if (is_directory && !old_is_directory) return failure(Error::not_directory);
  if (!is_directory && old_is_directory) return failure(Error::is_directory);
  if (old_is_directory) {
    if (old->number == kRootInode || within.inode.links <= 2) return volume_.damage("a directory's count of links");
    if (!TRY(entries(*old).is_empty())) return failure(Error::not_empty);
  }
  TRY(entries(within).redirect(place, moved));
  if (old_is_directory) --within.inode.links;
  return forget_name(*old);
}

Result<> Ext2::rename(Node from, std::string_view name, Node to, std::string_view new_name) {
  Item& source = *TRY(directory(from));
  Item& target = *TRY(directory(to));
  TRY(volume_.begin_change());
  const auto place = TRY(entries(source).find(name));
  const auto moved = TRY(hold_number(place.inode));
  const bool is_directory = moved->is(FileType::directory);
  if (is_directory && TRY(is_above(*moved, target))) return failure(Error::invalid);
  const bool changes_parent = is_directory && &source != &target;
  if (changes_parent && source.inode.links <= 2) return volume_.damage("a directory's count of links");
  if (changes_parent && target.inode.links >= kMostLinks) return failure(Error::too_many_links);

  const auto old = entries(target).find(new_name);
  if (old && old->inode == moved->number) return {};
  if (!old && old.error() != Error::no_entry) return failure(old.error());
  if (old)
    TRY(replace(target, *old, *moved));
  else
    TRY(entries(target).add(new_name, *moved));
  // The entry may lie elsewhere by now.
  const auto left = TRY(entries(source).find(name));
  TRY(entries(source).remove(left));
  if (changes_parent) {
    const auto above = TRY(entries(*moved).find(".."));
    TRY(entries(*moved).redirect(above, target));
    --source.inode.links;
    ++target.inode.links;
  }
  moved->touch_attributes();
  TRY(inodes_.store(*moved));
  TRY(inodes_.store(source));
  return inodes_.store(target);
}

}  // namespace toro::filesystem::ext2
