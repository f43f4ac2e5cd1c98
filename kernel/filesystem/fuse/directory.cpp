// The files of a FUSE server: directories that are read.
#include <algorithm>

#include "kernel/filesystem/fuse/fuse_filesystem.hpp"

namespace toro::filesystem::fuse {
namespace {

constexpr std::size_t kListingBytes = std::size_t{32} * 1024;

struct Record {
  EntryReply entry;  ///< node 0 where the server says nothing of it
  std::uint64_t inode = 0;
  std::uint64_t next = 0;
  FileType type = FileType::unknown;
  std::size_t end = 0;  ///< where the record ends, in bytes from the first one
  std::uint8_t size = 0;
  char characters[kMostName];

  [[nodiscard]] std::string_view name() const { return {characters, size}; }
  [[nodiscard]] bool is_dots() const { return name() == "." || name() == ".."; }
};

FileType type_of_record(std::uint32_t type) {
  for (const FileType known : {FileType::directory, FileType::regular, FileType::symlink})
    if (type == std::to_underlying(known)) return known;
  return FileType::unknown;
}

/// The record at `at`, which is below the end of `records`. `damaged` where it does not lie within them, or its name
/// cannot be one.
Result<Record> record_at(std::span<std::byte> records, std::size_t at, bool with_entry) {
  Record record;
  std::size_t position = at;
  const auto take = [&]<class T>(T& value) {
    if (records.size() - position < sizeof(T)) return false;
    value = copy_once(*reinterpret_cast<T*>(records.data() + position));
    position += sizeof(T);
    return true;
  };
  DirectoryRecord fixed;
  if (with_entry && !take(record.entry)) return failure(Error::damaged);
  if (!take(fixed)) return failure(Error::damaged);
  if (fixed.name_length == 0 || fixed.name_length > kMostName || fixed.name_length > records.size() - position)
    return failure(Error::damaged);
  record.inode = fixed.inode;
  record.next = fixed.next;
  record.type = type_of_record(fixed.type);
  record.size = static_cast<std::uint8_t>(fixed.name_length);
  std::memcpy(record.characters, records.data() + position, record.size);
  if (record.name().contains('/') || record.name().contains('\0')) return failure(Error::damaged);
  // Of the last one, what fills it up may be missing.
  record.end = std::min((position + fixed.name_length + 7) & ~std::size_t{7}, records.size());
  return record;
}

}  // namespace

/// The directory's, or a new one, taken from it: another thread that reads it too gets one of its own.
Result<Listing*> FuseFilesystem::open_listing(Item& directory) {
  if (Listing* const listing = std::exchange(directory.listing, nullptr)) return listing;
  const OpenRequest request{.flags = kOpenRead | kOpenDirectory};
  const auto reply = TRY(connection_.ask<OpenReply>(Opcode::open_directory, directory.id, {bytes_of(request)}));
  auto* const listing = make<Listing>();
  if (listing != nullptr) listing->records = static_cast<std::byte*>(heap::allocate(kListingBytes, 8));
  if (listing == nullptr || listing->records == nullptr) {
    dispose(listing);
    connection_.release(Opcode::release_directory, directory.id, reply.handle);
    return failure(Error::no_memory);
  }
  listing->handle = reply.handle;
  return listing;
}

void FuseFilesystem::close_listing(Item& directory, Listing& listing) {
  if (directory.listing == nullptr) {
    directory.listing = &listing;
    return;
  }
  const std::uint64_t handle = listing.handle;
  heap::free(listing.records);
  dispose(&listing);
  connection_.release(Opcode::release_directory, directory.id, handle);
}

/// Reads on from `cookie`, and learns what the records say of the names in them. Entries cost the server a look at each
/// file.
Result<> FuseFilesystem::fetch(Item& directory, Listing& listing, std::uint64_t cookie, Records which) {
  const bool plus = which == Records::entries && connection_.reads_directories_with_attributes();
  listing.at = listing.size = 0;
  listing.cookie = cookie;
  listing.with_entries = plus;
  const Moment asked = now();
  const ReadRequest request{.handle = listing.handle, .offset = cookie, .size = kListingBytes};
  listing.size = TRY(connection_.fetch(plus ? Opcode::read_directory_plus : Opcode::read_directory, directory.id,
                                       {bytes_of(request)}, {listing.records, kListingBytes}));
  for (std::size_t at = 0; plus && at < listing.size;) {
    const Record record = TRY(record_at({listing.records, listing.size}, at, plus));
    at = record.end;
    listing.next = record.next;
    if (record.entry.node == 0 || record.is_dots()) continue;
    const auto child = take_entry(directory, record.name(), record.entry, asked);
    if (child) items_.release(**child);
    if (!child && child.error() == Error::damaged) return failure(Error::damaged);
  }
  return {};
}

/// Where many names are looked up one by one, more will be: the directory tells them many at a time.
void FuseFilesystem::look_ahead(Item& directory) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::uint32_t kMany = 32;  // within a second
  constexpr int kRequests = 4;
  const std::int64_t time = wall_clock();
  if (directory.since + kSecond <= time) {
    directory.since = time;
    directory.lookups_since = 0;
  }
  if (++directory.lookups_since <= kMany || !connection_.reads_directories_with_attributes()) return;
  const auto listing = open_listing(directory);
  if (!listing) return;
  for (int i = 0; i < kRequests; ++i) {
    const auto fetched = fetch(directory, **listing, directory.ahead, Records::entries);
    const bool ended = !fetched || (*listing)->size == 0;
    directory.ahead = ended ? 0 : (*listing)->next;
    if (!ended) continue;
    directory.lookups_since = 0;
    break;
  }
  (*listing)->at = (*listing)->size = 0;
  close_listing(directory, **listing);
}

Result<> FuseFilesystem::give(Item& directory, Listing& listing, EntrySink sink) {
  std::uint32_t fetched_in_vain = 0;
  for (;;) {
    if (listing.at >= listing.size) {
      // One that has dots alone is followed by the end.
      if (++fetched_in_vain > 2) return failure(Error::damaged);
      // Who has looked at none of the first files will not look at the others.
      const bool wanted = std::exchange(directory.names_wanted, false) || listing.cookie == 0;
      TRY(fetch(directory, listing, listing.cookie, wanted ? Records::entries : Records::names));
      if (listing.size == 0) return {};
    }
    const Record record = TRY(record_at({listing.records, listing.size}, listing.at, listing.with_entries));
    if (!record.is_dots()) {
      fetched_in_vain = 0;
      if (!sink.add(sink.context, record.name(), {0, record.type}, record.inode, record.next)) return {};
    }
    listing.at = record.end;
    listing.cookie = record.next;
  }
}

Result<> FuseFilesystem::read_directory(Node node, std::uint64_t cookie, EntrySink sink) {
  Item& directory = item(node);
  if (directory.type != FileType::directory) return failure(Error::not_directory);
  Listing* const listing = TRY(open_listing(directory));
  if (cookie == 0 || cookie != listing->cookie) {
    listing->at = listing->size = 0;
    listing->cookie = cookie;
  }
  const auto done = give(directory, *listing, sink);
  close_listing(directory, *listing);
  return done;
}

}  // namespace toro::filesystem::fuse
