// FAT: mounted, what is held of it, and the end.
#include "kernel/filesystem/fat/fat.hpp"

#include "kernel/filesystem/fat/timestamps.hpp"

namespace toro::filesystem::fat {
namespace {

constexpr std::uint32_t kMagic = 0x4d44;  // MSDOS_SUPER_MAGIC

}  // namespace

Fat::Fat(Medium& medium, Access access, std::size_t cache_bytes) : volume_(medium, access, cache_bytes) {
  root_.entry.attributes = attribute::kDirectory;
  root_.holds = 1;
}

Result<> Fat::read_boot_sector() {
  if (!volume_.storage.is_made()) return failure(Error::no_memory);
  Medium& medium = volume_.storage.medium();
  std::array<std::byte, kBootSectorSize> sector;
  if (medium.bytes() < sector.size()) return failure(Error::invalid);
  TRY(volume_.storage.read(0, sector));
  const auto geometry = parse(sector, medium.bytes());
  if (!geometry) {
    if (geometry.error().empty()) return failure(Error::invalid);
    report(medium.name(), geometry.error());
    return failure(Error::not_supported);
  }
  volume_.geometry = *geometry;
  return volume_.table.open();
}

Result<Opened> Fat::open(Medium& medium, Access access, std::size_t cache_bytes) {
  auto* const made = make<Fat>(medium, access, cache_bytes);
  if (made == nullptr) {
    medium.close();
    return failure(Error::no_memory);
  }
  if (const auto read = made->read_boot_sector(); !read) {
    made->destroy();
    return failure(read.error());
  }
  return Opened{made, made->volume_.storage.access()};
}

void Fat::destroy() {
  Medium& medium = volume_.storage.medium();
  dispose(this);
  medium.close();
}

Found Fat::found(Item& of) {
  return {reinterpret_cast<Node>(&of), of.entry.is_directory() ? FileType::directory : FileType::regular};
}

void Fat::put_in_bucket(Item& of, std::uint64_t offset) {
  of.offset = offset;
  of.next = std::exchange(bucket_of(offset), &of);
}

void Fat::take_from(Item*& list, Item& of) {
  Item** at = &list;
  while (*at != &of) at = &(*at)->next;
  *at = of.next;
}

Fat::Item* Fat::held_item_of(std::uint64_t offset) {
  Item* at = bucket_of(offset);
  while (at != nullptr && at->offset != offset) at = at->next;
  return at;
}

/// Held once more.
Result<Fat::Item*> Fat::item_of(std::uint64_t offset, const DirectoryEntry& entry) {
  Item* of = held_item_of(offset);
  if (of == nullptr) {
    of = make<Item>();
    if (of == nullptr) return failure(Error::no_memory);
    of->entry = entry;
    of->inode = offset / kEntrySize;
    put_in_bucket(*of, offset);
  }
  ++of->holds;
  return of;
}

/// The first cluster of what an entry says is a directory other than the root.
Result<std::uint32_t> Fat::directory_cluster(const DirectoryEntry& entry) {
  const std::uint32_t cluster = entry.cluster();
  if (!volume_.geometry.is_cluster(cluster) || cluster == volume_.geometry.root_cluster)
    return volume_.storage.damage();
  return cluster;
}

/// 0 is the root.
Result<std::uint32_t> Fat::directory_cluster(Node node) {
  const Item& of = item(node);
  if (!of.entry.is_directory()) return failure(Error::not_directory);
  if (!of.has_name) return failure(Error::no_entry);  // removed while it is held
  return &of == &root_ ? Result<std::uint32_t>(0U) : directory_cluster(of.entry);
}

Result<Found> Fat::lookup(Node directory, std::string_view name) {
  const std::uint32_t cluster = TRY(directory_cluster(directory));
  const auto long_name = to_long_name(name);
  if (!long_name) return failure(Error::no_entry);
  Named named;
  TRY(find(volume_, cluster, long_name->view(), named));
  return found(*TRY(item_of(named.offset, named.entry)));
}

void Fat::release(Node node) {
  Item& of = item(node);
  if (--of.holds != 0) return;
  if (!of.has_name && volume_.storage.begin_change()) static_cast<void>(end(of));  // damage is reported
  take_from(of.has_name ? bucket_of(of.offset) : nameless_, of);
  dispose(&of);
}

/// Frees what has no name.
Result<> Fat::end(Item& of) {
  const std::uint32_t first = of.entry.cluster();
  of.entry.set_cluster(0);
  of.entry.size = 0;
  TRY(of.marks.resize(0));
  return volume_.table.free(first);
}

Result<FileAttributes> Fat::attributes(Node node) {
  const Item& of = item(node);
  const DirectoryEntry& entry = of.entry;
  const bool is_directory = entry.is_directory();
  const std::int64_t modified = to_nanoseconds({entry.modified_date, entry.modified_time});
  const bool is_read_only = !is_directory && (entry.attributes & attribute::kReadOnly) != 0;
  return FileAttributes{
      .type = is_directory ? FileType::directory : FileType::regular,
      .mode = (is_directory ? 0755U : 0644U) & ~(is_read_only ? kWriteBits : 0U),
      .links = of.has_name ? 1U : 0U,
      .inode = of.inode,
      .size = entry.size,
      .allocated = std::uint64_t{volume_.geometry.clusters_of(entry.size)} * volume_.geometry.cluster_size,
      .block_size = volume_.geometry.cluster_size,
      .accessed = to_nanoseconds({.date = entry.accessed_date}),
      .modified = modified,
      .changed = modified,
  };
}

Result<> Fat::change(Node node, const AttributeChange& change) {
  TRY(volume_.storage.begin_change());
  Item& of = item(node);
  if (change.user.value_or(0) != 0 || change.group.value_or(0) != 0) return failure(Error::not_permitted);
  if (change.mode && !of.entry.is_directory()) {
    of.entry.attributes &= static_cast<std::uint8_t>(~attribute::kReadOnly);
    if ((*change.mode & kWriteBits) == 0) of.entry.attributes |= attribute::kReadOnly;
  }
  if (change.accessed) set_accessed(of.entry, *change.accessed);
  if (change.modified) set_modified(of.entry, *change.modified);
  return save(of);
}

Result<> Fat::save(Item& of) {
  if (&of == &root_ || !of.has_name) return {};
  return volume_.storage.write(of.offset, of.entry);
}

Result<> Fat::sync() {
  return volume_.storage.sync([this] { return volume_.table.save(); });
}

Result<> Fat::finish() {
  // Whoever holds it still may; it has nothing any more.
  if (volume_.storage.access() == Access::read_write)
    for (Item* of = nameless_; of != nullptr; of = of->next) TRY(end(*of));
  return sync();
}

Statistics Fat::statistics() {
  return {
      .magic = kMagic,
      .block_size = volume_.geometry.cluster_size,
      .blocks = volume_.geometry.clusters,
      .free_blocks = volume_.table.free_clusters().value_or(0),
      .read_only = volume_.storage.access() == Access::read_only,
  };
}

}  // namespace toro::filesystem::fat
