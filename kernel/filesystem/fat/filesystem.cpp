// FAT12, FAT16 and FAT32.
#include "kernel/filesystem/fat/filesystem.hpp"

#include <algorithm>

#include "kernel/filesystem/fat/timestamps.hpp"

namespace toro::filesystem {
namespace {

using fat::DirectoryEntry;
using fat::Geometry;
using fat::Named;

constexpr std::uint64_t kMostSize = 0xffffffff;
constexpr std::uint32_t kMostDepth = kMostPath / 2;
constexpr std::uint32_t kMagic = 0x4d44;  // MSDOS_SUPER_MAGIC
constexpr std::uint32_t kWriteBits = 0222;

std::uint32_t clusters_of(const Geometry& geometry, std::uint64_t size) {
  return static_cast<std::uint32_t>((size + geometry.cluster_size - 1) / geometry.cluster_size);
}

void set_modified(DirectoryEntry& entry, std::int64_t time) {
  const fat::Timestamp stamp = fat::to_timestamp(time);
  entry.modified_date = stamp.date;
  entry.modified_time = stamp.time;
}
void set_accessed(DirectoryEntry& entry, std::int64_t time) {
  entry.accessed_date = fat::to_timestamp(time).date;
}

DirectoryEntry new_entry(std::uint8_t attributes) {
  const std::int64_t now = wall_clock();
  const fat::Timestamp stamp = fat::to_timestamp(now);
  DirectoryEntry entry{};
  entry.attributes = attributes;
  entry.created_date = stamp.date;
  entry.created_time = stamp.time;
  entry.created_hundredths = stamp.hundredths;
  set_accessed(entry, now);
  set_modified(entry, now);
  return entry;
}

}  // namespace

std::expected<FatFilesystem*, std::string_view> FatFilesystem::open(Medium& medium) {
  std::array<std::byte, fat::kBootSectorSize> sector;
  if (!medium.read(0, sector)) return std::unexpected("its first sector cannot be read");
  const auto geometry = fat::parse(sector, medium.size());
  if (!geometry) return std::unexpected(geometry.error());
  auto* const filesystem = make<FatFilesystem>(medium, *geometry);
  if (filesystem == nullptr) return std::unexpected("memory is out");
  if (filesystem->volume_.table.open()) return filesystem;
  filesystem->destroy();
  return std::unexpected("its information sector cannot be read");
}

FatFilesystem::FatFilesystem(Medium& medium, const Geometry& geometry) : volume_(medium, geometry) {
  root_.entry.attributes = fat::attribute::kDirectory;
  root_.holds = 1;
}

void FatFilesystem::destroy() {
  dispose(this);
}

Found FatFilesystem::found(Item& of) {
  return {reinterpret_cast<Node>(&of), of.entry.is_directory() ? FileType::directory : FileType::regular};
}

void FatFilesystem::put_in_bucket(Item& of, std::uint64_t offset) {
  of.offset = offset;
  of.next = std::exchange(bucket_of(offset), &of);
}

void FatFilesystem::take_from_bucket(Item& of) {
  Item** at = &bucket_of(of.offset);
  while (*at != &of) at = &(*at)->next;
  *at = of.next;
}

FatFilesystem::Item* FatFilesystem::held_item_of(std::uint64_t offset) {
  Item* at = bucket_of(offset);
  while (at != nullptr && at->offset != offset) at = at->next;
  return at;
}

/// Held once more.
Result<FatFilesystem::Item*> FatFilesystem::item_of(std::uint64_t offset, const DirectoryEntry& entry) {
  Item* of = held_item_of(offset);
  if (of == nullptr) {
    of = make<Item>();
    if (of == nullptr) return failure(Error::no_memory);
    of->entry = entry;
    of->inode = offset / fat::kEntrySize;
    put_in_bucket(*of, offset);
  }
  ++of->holds;
  return of;
}

/// The first cluster of what an entry says is a directory other than the root.
Result<std::uint32_t> FatFilesystem::directory_cluster(const DirectoryEntry& entry) const {
  const std::uint32_t cluster = entry.cluster();
  if (!volume_.geometry.is_cluster(cluster) || cluster == volume_.geometry.root_cluster) return failure(Error::damaged);
  return cluster;
}

/// 0 is the root.
Result<std::uint32_t> FatFilesystem::directory_cluster(Node node) const {
  const Item& of = item(node);
  if (!of.entry.is_directory()) return failure(Error::not_directory);
  if (!of.has_name) return failure(Error::no_entry);  // removed while it is held
  return &of == &root_ ? Result<std::uint32_t>(0U) : directory_cluster(of.entry);
}

Result<Found> FatFilesystem::lookup(Node directory, std::string_view name) {
  const std::uint32_t cluster = TRY(directory_cluster(directory));
  const auto long_name = fat::to_long_name(name);
  if (!long_name) return failure(Error::no_entry);
  Named named;
  TRY(fat::find(volume_, cluster, long_name->view(), named));
  return found(*TRY(item_of(named.offset, named.entry)));
}

void FatFilesystem::release(Node node) {
  Item& of = item(node);
  if (--of.holds != 0) return;
  // What cannot be freed is lost until the filesystem is checked.
  if (!of.has_name) (void)volume_.table.free(of.entry.cluster());
  if (of.has_name) take_from_bucket(of);
  dispose(&of);
}

Result<FileAttributes> FatFilesystem::attributes(Node node) {
  const Item& of = item(node);
  const DirectoryEntry& entry = of.entry;
  const bool is_directory = entry.is_directory();
  const std::int64_t modified = fat::to_nanoseconds({entry.modified_date, entry.modified_time});
  const bool is_read_only = !is_directory && (entry.attributes & fat::attribute::kReadOnly) != 0;
  return FileAttributes{
      .type = is_directory ? FileType::directory : FileType::regular,
      .mode = (is_directory ? 0755U : 0644U) & ~(is_read_only ? kWriteBits : 0U),
      .links = of.has_name ? 1U : 0U,
      .inode = of.inode,
      .size = entry.size,
      .allocated = std::uint64_t{clusters_of(volume_.geometry, entry.size)} * volume_.geometry.cluster_size,
      .block_size = volume_.geometry.cluster_size,
      .accessed = fat::to_nanoseconds({.date = entry.accessed_date}),
      .modified = modified,
      .changed = modified,
  };
}

Result<> FatFilesystem::change(Node node, const AttributeChange& change) {
  Item& of = item(node);
  if (change.user.value_or(0) != 0 || change.group.value_or(0) != 0) return failure(Error::not_permitted);
  if (change.mode && !of.entry.is_directory()) {
    of.entry.attributes &= static_cast<std::uint8_t>(~fat::attribute::kReadOnly);
    if ((*change.mode & kWriteBits) == 0) of.entry.attributes |= fat::attribute::kReadOnly;
  }
  if (change.accessed) set_accessed(of.entry, *change.accessed);
  if (change.modified) set_modified(of.entry, *change.modified);
  return save(of);
}

Result<> FatFilesystem::save(Item& of) {
  if (&of == &root_ || !of.has_name) return {};
  return volume_.medium.write(of.offset, std::as_bytes(std::span(&of.entry, 1)));
}

Result<std::uint32_t> FatFilesystem::cluster_at(Item& of, std::uint32_t index) {
  if (index >= volume_.geometry.clusters) return failure(Error::damaged);
  if (of.marks.empty()) TRY(of.marks.push(of.entry.cluster()));
  const auto go = [&](std::uint32_t cluster, std::uint32_t steps) -> Result<std::uint32_t> {
    for (; steps != 0; --steps) {
      cluster = TRY(volume_.table.next(cluster));
      if (cluster == 0) return failure(Error::damaged);  // the chain is shorter than the file
    }
    return cluster;
  };
  while (of.marks.size() <= index / kMarkEvery) {
    const std::uint32_t mark = TRY(go(of.marks[of.marks.size() - 1], kMarkEvery));
    TRY(of.marks.push(mark));
  }
  const std::uint32_t cluster = TRY(go(of.marks[index / kMarkEvery], index % kMarkEvery));
  return volume_.geometry.is_cluster(cluster) ? Result<std::uint32_t>(cluster) : failure(Error::damaged);
}

/// Calls `use(offset on the medium, size)` for each piece of a file's bytes from `offset` to `end`.
template <class F>
Result<> FatFilesystem::for_pieces(Item& of, std::uint64_t offset, std::uint64_t end, F use) {
  const std::uint32_t cluster_size = volume_.geometry.cluster_size;
  while (offset < end) {
    const std::uint64_t within = offset % cluster_size;
    const std::uint32_t first = TRY(cluster_at(of, static_cast<std::uint32_t>(offset / cluster_size)));
    std::uint32_t last = first;
    std::uint64_t size = cluster_size - within;
    // As long as they follow each other on the medium.
    for (; size < end - offset && TRY(volume_.table.next(last)) == last + 1; ++last) size += cluster_size;
    size = std::min(size, end - offset);
    TRY(use(volume_.geometry.offset_of(first) + within, static_cast<std::size_t>(size)));
    offset += size;
  }
  return {};
}

Result<std::size_t> FatFilesystem::read(Node file, std::uint64_t offset, std::span<std::byte> to) {
  Item& of = item(file);
  if (offset >= of.entry.size) return std::size_t{0};
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), of.entry.size - offset));
  TRY(for_pieces(of, offset, offset + count, [&](std::uint64_t at, std::size_t size) {
    const auto piece = to.first(size);
    to = to.subspan(size);
    return volume_.medium.read(at, piece);
  }));
  return count;
}

Result<> FatFilesystem::fill(Item& of, std::uint64_t offset, std::uint64_t end) {
  return for_pieces(of, offset, end,
                    [&](std::uint64_t at, std::size_t size) { return volume_.fill_with_zeros(at, size); });
}

/// Gives a file clusters for `size` bytes; for how many it has, which are fewer when the disk is full.
Result<std::uint64_t> FatFilesystem::make_room(Item& of, std::uint64_t size) {
  const std::uint32_t wanted = clusters_of(volume_.geometry, size);
  std::uint32_t have = clusters_of(volume_.geometry, of.entry.size);
  std::uint32_t last = have != 0 ? TRY(cluster_at(of, have - 1)) : 0;
  for (; have < wanted; ++have) {
    // Others leave chains that are longer than their file.
    std::uint32_t next = have == 0 ? of.entry.cluster() : TRY(volume_.table.next(last));
    if (next == 0) {
      const auto allocated = volume_.table.allocate(last);
      if (!allocated && allocated.error() == Error::no_space) break;
      next = TRY(allocated);
    }
    if (have == 0) of.entry.set_cluster(next);
    last = next;
  }
  return std::uint64_t{have} * volume_.geometry.cluster_size;
}

/// Frees the clusters that are behind a file's end.
Result<> FatFilesystem::trim(Item& of) {
  const std::uint32_t kept = clusters_of(volume_.geometry, of.entry.size);
  if (kept == 0) {
    const std::uint32_t first = of.entry.cluster();
    of.entry.set_cluster(0);
    TRY(of.marks.resize(0));
    TRY(save(of));
    return volume_.table.free(first);
  }
  const std::uint32_t last = TRY(cluster_at(of, kept - 1));
  TRY(of.marks.resize((kept - 1) / kMarkEvery + 1));
  TRY(save(of));
  return volume_.table.cut_behind(last);
}

/// The bytes between the file's end and `offset` become zeros.
Result<std::size_t> FatFilesystem::put(Item& of, std::uint64_t offset, std::span<const std::byte> from) {
  const std::uint64_t room = TRY(make_room(of, offset + from.size()));
  if (room <= offset) return failure(Error::no_space);
  from = from.first(static_cast<std::size_t>(std::min<std::uint64_t>(from.size(), room - offset)));
  const std::uint64_t end = offset + from.size();
  const std::size_t count = from.size();
  if (offset > of.entry.size) TRY(fill(of, of.entry.size, offset));
  TRY(for_pieces(of, offset, end, [&](std::uint64_t at, std::size_t size) {
    const auto piece = from.first(size);
    from = from.subspan(size);
    return volume_.medium.write(at, piece);
  }));
  of.entry.size = static_cast<std::uint32_t>(std::max<std::uint64_t>(of.entry.size, end));
  return count;
}

Result<std::size_t> FatFilesystem::write(Node file, std::uint64_t offset, std::span<const std::byte> from) {
  Item& of = item(file);
  if (from.empty()) return std::size_t{0};
  if (offset >= kMostSize) return failure(Error::too_large);
  const auto count = put(of, offset, from.first(static_cast<std::size_t>(std::min(from.size(), kMostSize - offset))));
  if (!count) {
    (void)trim(of);  // the first failure is the one that is told
    return count;
  }
  set_modified(of.entry, wall_clock());
  of.entry.attributes |= fat::attribute::kArchive;
  TRY(save(of));
  return count;
}

Result<> FatFilesystem::truncate(Node file, std::uint64_t size) {
  Item& of = item(file);
  if (of.entry.is_directory()) return failure(Error::is_directory);
  if (size > kMostSize) return failure(Error::too_large);
  set_modified(of.entry, wall_clock());
  of.entry.attributes |= fat::attribute::kArchive;
  if (size > of.entry.size) {
    const auto room = make_room(of, size);
    auto done = !room ? Result<>(failure(room.error())) : *room < size ? Result<>(failure(Error::no_space)) : Result<>();
    if (done) done = fill(of, of.entry.size, size);
    if (!done) {
      (void)trim(of);  // the first failure is the one that is told
      return done;
    }
    of.entry.size = static_cast<std::uint32_t>(size);
    return save(of);
  }
  of.entry.size = static_cast<std::uint32_t>(size);
  return trim(of);
}

Result<> FatFilesystem::read_directory(Node directory, std::uint64_t cookie, EntrySink sink) {
  fat::DirectoryReader reader(volume_, TRY(directory_cluster(directory)));
  reader.seek(static_cast<std::uint32_t>(std::min<std::uint64_t>(cookie, fat::DirectoryReader::kMostEntries)));
  Named named;
  while (TRY(reader.next(named))) {
    char name[kMostName];
    auto size = fat::to_utf8(named.long_name.view(), name);
    if (!size || *size == 0) size = fat::to_utf8(fat::to_text(named.entry).view(), name);
    if (!size || *size == 0) continue;
    const FileType type = named.entry.is_directory() ? FileType::directory : FileType::regular;
    if (!sink.add(sink.context, {name, *size}, {0, type}, named.offset / fat::kEntrySize, named.index + 1)) break;
  }
  return {};
}

/// A cluster with "." and "..".
Result<std::uint32_t> FatFilesystem::make_directory_cluster(std::uint32_t parent) {
  const std::uint32_t cluster = TRY(volume_.table.allocate(0));
  const std::uint64_t offset = volume_.geometry.offset_of(cluster);
  DirectoryEntry dots[2] = {new_entry(fat::attribute::kDirectory), new_entry(fat::attribute::kDirectory)};
  dots[0].name = {'.', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
  dots[1].name = dots[0].name;
  dots[1].name[1] = '.';
  dots[0].set_cluster(cluster);
  dots[1].set_cluster(parent);
  auto done = volume_.fill_with_zeros(offset, volume_.geometry.cluster_size);
  if (done) done = volume_.medium.write(offset, std::as_bytes(std::span(dots)));
  if (done) return cluster;
  (void)volume_.table.free(cluster);  // the first failure is the one that is told
  return failure(done.error());
}

Result<Found> FatFilesystem::create(Node directory, std::string_view name, const NewNode& what) {
  const std::uint32_t cluster = TRY(directory_cluster(directory));
  if (what.type == FileType::symlink) return failure(Error::not_permitted);
  const auto long_name = fat::to_long_name(name);
  if (!long_name) return failure(Error::invalid);
  const bool is_directory = what.type == FileType::directory;
  DirectoryEntry entry = new_entry(is_directory ? fat::attribute::kDirectory : fat::attribute::kArchive);
  if (!is_directory && (what.mode & kWriteBits) == 0) entry.attributes |= fat::attribute::kReadOnly;
  if (is_directory) {
    Named named;
    if (const auto there = fat::find(volume_, cluster, long_name->view(), named); there) return failure(Error::exists);
    entry.set_cluster(TRY(make_directory_cluster(cluster)));
  }
  const auto added = fat::add(volume_, cluster, *long_name, entry);
  if (!added) {
    (void)volume_.table.free(entry.cluster());  // the first failure is the one that is told
    return failure(added.error());
  }
  return found(*TRY(item_of(added->offset, added->entry)));
}

/// Whether a rename or unlink may end what `named` names.
Result<> FatFilesystem::check_removable(const Named& named, bool directory_expected) {
  if (named.entry.is_directory() != directory_expected)
    return failure(directory_expected ? Error::not_directory : Error::is_directory);
  if (!directory_expected) return {};
  const std::uint32_t cluster = TRY(directory_cluster(named.entry));
  return TRY(fat::is_empty(volume_, cluster)) ? Result<>() : failure(Error::not_empty);
}

/// Whoever holds what lost its name keeps it; else its clusters are free.
Result<> FatFilesystem::lose_name(std::uint64_t offset, std::uint32_t cluster) {
  Item* const held = held_item_of(offset);
  if (held == nullptr) return volume_.table.free(cluster);
  take_from_bucket(*held);
  held->has_name = false;
  return {};
}

Result<> FatFilesystem::unlink(Node directory, std::string_view name, bool directory_expected) {
  const std::uint32_t cluster = TRY(directory_cluster(directory));
  const auto long_name = fat::to_long_name(name);
  if (!long_name) return failure(Error::no_entry);
  Named named;
  TRY(fat::find(volume_, cluster, long_name->view(), named));
  TRY(check_removable(named, directory_expected));
  TRY(fat::remove(volume_, cluster, named));
  return lose_name(named.offset, named.entry.cluster());
}

/// Whether `directory` is `other` or below it.
Result<bool> FatFilesystem::lies_within(std::uint32_t directory, std::uint32_t other) {
  for (std::uint32_t depth = 0; depth < kMostDepth; ++depth) {
    if (directory == other) return true;
    if (directory == 0) return false;
    if (!volume_.geometry.is_cluster(directory)) break;
    DirectoryEntry parent;
    TRY(volume_.medium.read(volume_.geometry.offset_of(directory) + fat::kEntrySize,
                            std::as_writable_bytes(std::span(&parent, 1))));
    directory = parent.cluster();
  }
  return failure(Error::damaged);
}

Result<> FatFilesystem::rename(Node from, std::string_view name, Node to, std::string_view new_name) {
  const std::uint32_t source = TRY(directory_cluster(from));
  const std::uint32_t target = TRY(directory_cluster(to));
  const auto old_name = fat::to_long_name(name);
  const auto wanted = fat::to_long_name(new_name);
  if (!old_name) return failure(Error::no_entry);
  if (!wanted) return failure(Error::invalid);
  Named moved;
  TRY(fat::find(volume_, source, old_name->view(), moved));
  const bool is_directory = moved.entry.is_directory();
  if (is_directory) {
    const std::uint32_t cluster = TRY(directory_cluster(moved.entry));
    if (TRY(lies_within(target, cluster))) return failure(Error::invalid);
  }

  fat::Added now;
  Named there;
  const auto found_there = fat::find(volume_, target, wanted->view(), there);
  if (!found_there && found_there.error() != Error::no_entry) return found_there;
  const bool is_same = found_there && there.offset == moved.offset;
  if (is_same && there.long_name.view() == wanted->view()) return {};
  if (found_there && !is_same) {
    // What is there gives its name, in one write.
    TRY(check_removable(there, is_directory));
    now = {there.offset, moved.entry};
    now.entry.name = there.entry.name;
    now.entry.lower_case = there.entry.lower_case;
    TRY(volume_.medium.write(now.offset, std::as_bytes(std::span(&now.entry, 1))));
    TRY(lose_name(there.offset, there.entry.cluster()));
  } else {
    now = TRY(fat::add(volume_, target, *wanted, moved.entry, is_same ? moved.offset : 0));
  }
  if (Item* const held = held_item_of(moved.offset); held != nullptr) {
    take_from_bucket(*held);
    held->entry = now.entry;
    put_in_bucket(*held, now.offset);
  }
  TRY(fat::remove(volume_, source, moved));
  if (!is_directory || source == target) return {};
  const std::uint64_t dots = volume_.geometry.offset_of(moved.entry.cluster()) + fat::kEntrySize;
  DirectoryEntry parent;
  TRY(volume_.medium.read(dots, std::as_writable_bytes(std::span(&parent, 1))));
  parent.set_cluster(target);
  return volume_.medium.write(dots, std::as_bytes(std::span(&parent, 1)));
}

Result<> FatFilesystem::sync() {
  TRY(volume_.table.save());
  return volume_.medium.flush();
}

Statistics FatFilesystem::statistics() {
  return {
      .magic = kMagic,
      .block_size = volume_.geometry.cluster_size,
      .blocks = volume_.geometry.clusters,
      .free_blocks = volume_.table.free_clusters().value_or(0),
  };
}

}  // namespace toro::filesystem
