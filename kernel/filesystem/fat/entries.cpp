// FAT: names are listed, made, moved and removed.
#include <algorithm>

#include "kernel/filesystem/fat/fat.hpp"
#include "kernel/filesystem/fat/timestamps.hpp"

namespace toro::filesystem::fat {
namespace {

constexpr std::uint32_t kMostDepth = kMostPath / 2;

DirectoryEntry new_entry(std::uint8_t attributes) {
  const std::int64_t now = wall_clock();
  DirectoryEntry entry{};
  entry.attributes = attributes;
  set_created(entry, now);
  set_modified(entry, now);
  set_accessed(entry, now);
  return entry;
}

}  // namespace

Result<> Fat::read_directory(Node directory, std::uint64_t cookie, EntrySink sink) {
  DirectoryReader reader(volume_, TRY(directory_cluster(directory)));
  reader.seek(static_cast<std::uint32_t>(std::min<std::uint64_t>(cookie, DirectoryReader::kMostEntries)));
  Named named;
  while (TRY(reader.next(named))) {
    char name[kMostName];
    auto size = to_utf8(named.long_name.view(), name);
    if (!size || *size == 0) size = to_utf8(to_text(named.entry).view(), name);
    if (!size || *size == 0) continue;
    const FileType type = named.entry.is_directory() ? FileType::directory : FileType::regular;
    if (!sink.add(sink.context, {name, *size}, {0, type}, named.offset / kEntrySize, named.index + 1)) break;
  }
  return {};
}

/// A cluster with "." and "..".
Result<std::uint32_t> Fat::make_directory_cluster(std::uint32_t parent) {
  const std::uint32_t cluster = TRY(volume_.table.allocate(0));
  const std::uint64_t offset = volume_.geometry.offset_of(cluster);
  DirectoryEntry dots[2] = {new_entry(attribute::kDirectory), new_entry(attribute::kDirectory)};
  dots[0].name = {'.', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
  dots[1].name = dots[0].name;
  dots[1].name[1] = '.';
  dots[0].set_cluster(cluster);
  dots[1].set_cluster(parent);
  auto done = volume_.storage.write_zeros(offset, volume_.geometry.cluster_size, Content::metadata);
  if (done) done = volume_.storage.write(offset, dots);
  if (done) return cluster;
  static_cast<void>(volume_.table.free(cluster));  // the first failure is the one that is told
  return failure(done.error());
}

Result<Found> Fat::create(Node directory, std::string_view name, const NewNode& what) {
  TRY(volume_.storage.begin_change());
  const std::uint32_t cluster = TRY(directory_cluster(directory));
  if (what.type == FileType::symlink) return failure(Error::not_permitted);
  const auto long_name = to_long_name(name);
  if (!long_name) return failure(Error::invalid);
  const bool is_directory = what.type == FileType::directory;
  DirectoryEntry entry = new_entry(is_directory ? attribute::kDirectory : attribute::kArchive);
  if (!is_directory && (what.mode & kWriteBits) == 0) entry.attributes |= attribute::kReadOnly;
  if (is_directory) {
    Named named;
    if (const auto there = find(volume_, cluster, long_name->view(), named); there) return failure(Error::exists);
    entry.set_cluster(TRY(make_directory_cluster(cluster)));
  }
  const auto added = add(volume_, cluster, *long_name, entry);
  if (!added) {
    static_cast<void>(volume_.table.free(entry.cluster()));  // the first failure is the one that is told
    return failure(added.error());
  }
  return found(*TRY(item_of(added->offset, added->entry)));
}

/// Whether a rename or unlink may end what `named` names.
Result<> Fat::check_removable(const Named& named, bool directory_expected) {
  if (named.entry.is_directory() != directory_expected)
    return failure(directory_expected ? Error::not_directory : Error::is_directory);
  if (!directory_expected) return {};
  const std::uint32_t cluster = TRY(directory_cluster(named.entry));
  return TRY(is_empty(volume_, cluster)) ? Result<>() : failure(Error::not_empty);
}

/// Whoever holds what lost its name keeps it; else its clusters are free.
Result<> Fat::lose_name(std::uint64_t offset, std::uint32_t cluster) {
  Item* const held = held_item_of(offset);
  if (held == nullptr) return volume_.table.free(cluster);
  take_from(bucket_of(held->offset), *held);
  held->has_name = false;
  held->next = std::exchange(nameless_, held);
  return {};
}

Result<> Fat::unlink(Node directory, std::string_view name, bool directory_expected) {
  TRY(volume_.storage.begin_change());
  const std::uint32_t cluster = TRY(directory_cluster(directory));
  const auto long_name = to_long_name(name);
  if (!long_name) return failure(Error::no_entry);
  Named named;
  TRY(find(volume_, cluster, long_name->view(), named));
  TRY(check_removable(named, directory_expected));
  TRY(remove(volume_, cluster, named));
  return lose_name(named.offset, named.entry.cluster());
}

/// Whether `directory` is `other` or below it.
Result<bool> Fat::lies_within(std::uint32_t directory, std::uint32_t other) {
  for (std::uint32_t depth = 0; depth < kMostDepth; ++depth) {
    if (directory == other) return true;
    if (directory == 0) return false;
    if (!volume_.geometry.is_cluster(directory)) break;
    directory = TRY(volume_.storage.read<DirectoryEntry>(volume_.geometry.offset_of(directory) + kEntrySize)).cluster();
  }
  return volume_.storage.damage();
}

Result<> Fat::rename(Node from, std::string_view name, Node to, std::string_view new_name) {
  TRY(volume_.storage.begin_change());
  const std::uint32_t source = TRY(directory_cluster(from));
  const std::uint32_t target = TRY(directory_cluster(to));
  const auto old_name = to_long_name(name);
  const auto wanted = to_long_name(new_name);
  if (!old_name) return failure(Error::no_entry);
  if (!wanted) return failure(Error::invalid);
  Named moved;
  TRY(find(volume_, source, old_name->view(), moved));
  const bool is_directory = moved.entry.is_directory();
  if (is_directory) {
    const std::uint32_t cluster = TRY(directory_cluster(moved.entry));
    if (TRY(lies_within(target, cluster))) return failure(Error::invalid);
  }

  Added now;
  Named there;
  const auto found_there = find(volume_, target, wanted->view(), there);
  if (!found_there && found_there.error() != Error::no_entry) return found_there;
  const bool is_same = found_there && there.offset == moved.offset;
  if (is_same && there.long_name.view() == wanted->view()) return {};
  if (found_there && !is_same) {
    // What is there gives its name, in one write.
    TRY(check_removable(there, is_directory));
    now = {there.offset, moved.entry};
    now.entry.name = there.entry.name;
    now.entry.lower_case = there.entry.lower_case;
    TRY(volume_.storage.write(now.offset, now.entry));
    TRY(lose_name(there.offset, there.entry.cluster()));
  } else {
    now = TRY(add(volume_, target, *wanted, moved.entry, is_same ? moved.offset : 0));
  }
  if (Item* const held = held_item_of(moved.offset); held != nullptr) {
    take_from(bucket_of(held->offset), *held);
    held->entry = now.entry;
    put_in_bucket(*held, now.offset);
  }
  TRY(remove(volume_, source, moved));
  if (!is_directory || source == target) return {};
  const std::uint64_t dots = volume_.geometry.offset_of(moved.entry.cluster()) + kEntrySize;
  auto parent = TRY(volume_.storage.read<DirectoryEntry>(dots));
  parent.set_cluster(target);
  return volume_.storage.write(dots, parent);
}

}  // namespace toro::filesystem::fat
