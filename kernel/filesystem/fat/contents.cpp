// FAT: what is in files.
#include <algorithm>

#include "kernel/filesystem/fat/fat.hpp"
#include "kernel/filesystem/fat/timestamps.hpp"

namespace toro::filesystem::fat {
namespace {

constexpr std::uint64_t kMostSize = 0xffffffff;
constexpr std::uint64_t kAhead = std::uint64_t{128} << 10;

}  // namespace

Result<std::uint32_t> Fat::cluster_at(Item& of, std::uint32_t index) {
  if (index >= volume_.geometry.clusters) return volume_.storage.damage();
  if (of.marks.empty()) TRY(of.marks.push(of.entry.cluster()));
  const auto go = [&](std::uint32_t cluster, std::uint32_t steps) -> Result<std::uint32_t> {
    for (; steps != 0; --steps) {
      cluster = TRY(volume_.table.next(cluster));
      if (cluster == 0) return volume_.storage.damage();  // the chain is shorter than the file
    }
    return cluster;
  };
  while (of.marks.size() <= index / kMarkEvery) {
    const std::uint32_t mark = TRY(go(of.marks[of.marks.size() - 1], kMarkEvery));
    TRY(of.marks.push(mark));
  }
  const std::uint32_t cluster = TRY(go(of.marks[index / kMarkEvery], index % kMarkEvery));
  return volume_.geometry.is_cluster(cluster) ? Result<std::uint32_t>(cluster) : volume_.storage.damage();
}

/// Calls `use(offset on the medium, size)` for each piece of a file's bytes from `offset` to `end`.
template <class F>
Result<> Fat::for_pieces(Item& of, std::uint64_t offset, std::uint64_t end, F use) {
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

Result<std::size_t> Fat::read(Node file, std::uint64_t offset, std::span<std::byte> to) {
  Item& of = item(file);
  if (offset >= of.entry.size) return std::size_t{0};
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), of.entry.size - offset));
  TRY(for_pieces(of, offset, offset + count, [&](std::uint64_t at, std::size_t size) {
    const auto piece = to.first(size);
    to = to.subspan(size);
    return volume_.storage.read(at, piece);
  }));
  // Who goes on where the last read ended gets more in advance.
  const bool goes_on = of.read_end == offset;
  of.read_end = offset + count;
  if (goes_on)
    static_cast<void>(for_pieces(of, of.read_end, std::min<std::uint64_t>(of.entry.size, of.read_end + kAhead),
                                 [&](std::uint64_t at, std::size_t size) -> Result<> {
                                   volume_.storage.read_ahead(at, size);
                                   return {};
                                 }));
  return count;
}

Result<> Fat::fill(Item& of, std::uint64_t offset, std::uint64_t end) {
  return for_pieces(of, offset, end, [&](std::uint64_t at, std::size_t size) {
    return volume_.storage.write_zeros(at, size, Content::data);
  });
}

/// Gives a file clusters for `size` bytes; for how many it has, which are fewer when the disk is full.
Result<std::uint64_t> Fat::make_room(Item& of, std::uint64_t size) {
  const std::uint32_t wanted = volume_.geometry.clusters_of(size);
  std::uint32_t have = volume_.geometry.clusters_of(of.entry.size);
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
Result<> Fat::trim(Item& of) {
  const std::uint32_t kept = volume_.geometry.clusters_of(of.entry.size);
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
Result<std::size_t> Fat::put(Item& of, std::uint64_t offset, std::span<const std::byte> from) {
  const std::uint64_t room = TRY(make_room(of, offset + from.size()));
  if (room <= offset) return failure(Error::no_space);
  from = from.first(static_cast<std::size_t>(std::min<std::uint64_t>(from.size(), room - offset)));
  const std::uint64_t end = offset + from.size();
  const std::size_t count = from.size();
  if (offset > of.entry.size) TRY(fill(of, of.entry.size, offset));
  TRY(for_pieces(of, offset, end, [&](std::uint64_t at, std::size_t size) {
    const auto piece = from.first(size);
    from = from.subspan(size);
    return volume_.storage.write(at, piece, Content::data);
  }));
  of.entry.size = static_cast<std::uint32_t>(std::max<std::uint64_t>(of.entry.size, end));
  return count;
}

Result<std::size_t> Fat::write(Node file, std::uint64_t offset, std::span<const std::byte> from) {
  TRY(volume_.storage.begin_change());
  Item& of = item(file);
  if (from.empty()) return std::size_t{0};
  if (offset >= kMostSize) return failure(Error::too_large);
  const auto count = put(of, offset, from.first(static_cast<std::size_t>(std::min(from.size(), kMostSize - offset))));
  if (!count) {
    static_cast<void>(trim(of));  // the first failure is the one that is told
    return count;
  }
  set_modified(of.entry, wall_clock());
  of.entry.attributes |= attribute::kArchive;
  TRY(save(of));
  return count;
}

Result<> Fat::truncate(Node file, std::uint64_t size) {
  TRY(volume_.storage.begin_change());
  Item& of = item(file);
  if (of.entry.is_directory()) return failure(Error::is_directory);
  if (size > kMostSize) return failure(Error::too_large);
  set_modified(of.entry, wall_clock());
  of.entry.attributes |= attribute::kArchive;
  if (size > of.entry.size) {
    const auto room = make_room(of, size);
    auto done = !room          ? Result<>(failure(room.error()))
                : *room < size ? Result<>(failure(Error::no_space))
                               : Result<>();
    if (done) done = fill(of, of.entry.size, size);
    if (!done) {
      static_cast<void>(trim(of));  // the first failure is the one that is told
      return done;
    }
    of.entry.size = static_cast<std::uint32_t>(size);
    return save(of);
  }
  of.entry.size = static_cast<std::uint32_t>(size);
  return trim(of);
}

}  // namespace toro::filesystem::fat
