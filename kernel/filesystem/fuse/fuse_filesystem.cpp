// The files of a FUSE server: names and attributes.
#include "kernel/filesystem/fuse/fuse_filesystem.hpp"

#include <algorithm>

#include "kernel/filesystem/fuse/convert.hpp"
#include "kernel/filesystem/fuse/name.hpp"

namespace toro::filesystem::fuse {
namespace {

constexpr std::uint32_t kMagic = 0x65735546;  // FUSE_SUPER_MAGIC [Linux fs/fuse/inode.c]

constexpr std::uint32_t bit(Change change) {
  return std::to_underlying(change);
}

Result<> require_directory(const Item& of) {
  if (of.type != FileType::directory) return failure(Error::not_directory);
  return {};
}

}  // namespace

Result<Item*> FuseFilesystem::take_entry(Item& directory, std::string_view name, const EntryReply& entry,
                                         const Moment& asked) {
  if (entry.node == 0) return failure(Error::no_entry);
  const FileAttributes attributes = attributes_of(entry.attributes);
  Item* const child = TRY(items_.adopt(entry.node, attributes.type));
  if (asked.changes >= child->attributes_asked) {
    child->attributes = attributes;
    child->attributes_asked = asked.changes;
    child->valid_until = valid_until(asked.time, entry.attributes_valid, entry.attributes_valid_nanoseconds);
  }
  if (names_changed_ <= asked.changes)
    items_.remember(directory, name, *child, valid_until(asked.time, entry.entry_valid, entry.entry_valid_nanoseconds));
  return child;
}

Result<Found> FuseFilesystem::lookup(Node node, std::string_view name) {
  Item& directory = item(node);
  TRY(require_directory(directory));
  TRY(check_name(name));
  directory.names_wanted = true;
  if (Item* const known = items_.find(directory, name)) {
    ++known->holds;
    return Found{node_of(*known), known->type};
  }
  const Moment asked = now();
  const auto entry = TRY(connection_.ask<EntryReply>(Opcode::lookup, directory.id, {bytes_of(name), kEnd}));
  Item* const child = TRY(take_entry(directory, name, entry, asked));
  look_ahead(directory);
  return Found{node_of(*child), child->type};
}

bool FuseFilesystem::has_valid_attributes(const Item& of) const {
  return of.attributes_asked >= std::max(of.changed, names_changed_) && wall_clock() < of.valid_until;
}

Result<FileAttributes> FuseFilesystem::attributes(Node node) {
  Item& of = item(node);
  if (has_valid_attributes(of)) return of.attributes;
  const Moment asked = now();
  const AttributesRequest request;
  const auto reply = TRY(connection_.ask<AttributesReply>(Opcode::get_attributes, of.id, {bytes_of(request)}));
  const FileAttributes attributes = attributes_of(reply.attributes);
  if (attributes.type != of.type) return failure(Error::damaged);
  if (asked.changes >= of.attributes_asked) {
    of.attributes = attributes;
    of.attributes_asked = asked.changes;
    of.valid_until = valid_until(asked.time, reply.valid, reply.valid_nanoseconds);
  }
  return attributes;
}

Result<> FuseFilesystem::change_attributes(Item& of, const ChangeRequest& request) {
  const auto reply = connection_.ask<AttributesReply>(Opcode::set_attributes, of.id, {bytes_of(request)});
  changed(of);
  if (!reply) return failure(reply.error());
  return {};
}

Result<> FuseFilesystem::change(Node node, const AttributeChange& change) {
  ChangeRequest request;
  const auto set = [&](Change which, const auto& value, auto& field) {
    if (!value) return;
    request.valid |= bit(which);
    field = *value;
  };
  const auto set_time = [&](Change which, const auto& value, std::uint64_t& seconds, std::uint32_t& nanoseconds) {
    if (!value) return;
    const WireTime time = wire_time(*value);
    request.valid |= bit(which);
    seconds = time.seconds;
    nanoseconds = time.nanoseconds;
  };
  set(Change::mode, change.mode, request.mode);
  set(Change::user, change.user, request.user);
  set(Change::group, change.group, request.group);
  set_time(Change::accessed, change.accessed, request.accessed, request.accessed_nanoseconds);
  set_time(Change::modified, change.modified, request.modified, request.modified_nanoseconds);
  if (request.valid == 0) return {};
  return change_attributes(item(node), request);
}

Result<> FuseFilesystem::truncate(Node node, std::uint64_t size) {
  Item& file = item(node);
  if (file.type != FileType::regular) return failure(Error::is_directory);
  ChangeRequest request{.valid = bit(Change::size), .size = size};
  if (file.writer) {  // what was open for writing stays so, whatever its mode has become
    request.valid |= bit(Change::handle);
    request.handle = *file.writer;
  }
  return change_attributes(file, request);
}

Result<std::size_t> FuseFilesystem::read_link(Node node, std::span<char> to) {
  const Item& of = item(node);
  if (of.type != FileType::symlink) return failure(Error::invalid);
  struct Freer {
    void operator()(std::byte* block) const { heap::free(block); }
  };
  const std::unique_ptr<std::byte, Freer> target(static_cast<std::byte*>(heap::allocate(kMostPath)));
  if (target == nullptr) return failure(Error::no_memory);
  const std::size_t size = TRY(connection_.fetch(Opcode::read_link, of.id, {}, {target.get(), kMostPath}));
  if (size == 0 || size >= kMostPath) return failure(Error::damaged);
  std::memcpy(to.data(), target.get(), std::min(size, to.size()));
  return size;
}

Result<Item*> FuseFilesystem::create_file(Item& directory, std::string_view name, std::uint32_t mode) {
  const Moment asked = now();
  // Exclusively: the virtiofsd of QEMU 7.2 aborts where the file is there else.
  const CreateRequest request{.flags = kOpenReadWrite | kOpenCreate | kOpenExclusive, .mode = kRegular | mode};
  const auto reply =
      TRY(connection_.ask<CreateReply>(Opcode::create, directory.id, {bytes_of(request), bytes_of(name), kEnd}));
  changed(directory);
  const auto made = take_entry(directory, name, reply.entry, asked);
  if (!made || (*made)->reader || (*made)->writer)
    connection_.release(Opcode::release, reply.entry.node, reply.open.handle);
  else
    (*made)->reader = (*made)->writer = reply.open.handle;
  if (!made && made.error() == Error::no_entry) return failure(Error::damaged);
  return made;
}

/// One request where the name is new, which is the usual.
Result<FoundOrMade> FuseFilesystem::lookup_or_create(Node node, std::string_view name, std::uint32_t mode) {
  Item& directory = item(node);
  TRY(require_directory(directory));
  TRY(check_name(name));
  if (items_.find(directory, name) == nullptr) {
    const auto made = create(node, name, {.type = FileType::regular, .mode = mode});
    if (made) return FoundOrMade{*made, true};
    if (made.error() != Error::exists) return failure(made.error());
  }
  return FoundOrMade{TRY(lookup(node, name))};
}

Result<Found> FuseFilesystem::create(Node node, std::string_view name, const NewNode& what) {
  Item& directory = item(node);
  TRY(require_directory(directory));
  TRY(check_name(name));
  const Moment asked = now();
  Result<Item*> made;
  switch (what.type) {
    case FileType::directory: {
      const MakeDirectoryRequest request{.mode = what.mode};
      const auto entry = TRY(
          connection_.ask<EntryReply>(Opcode::make_directory, directory.id, {bytes_of(request), bytes_of(name), kEnd}));
      changed(directory);
      made = take_entry(directory, name, entry, asked);
      break;
    }
    case FileType::symlink: {
      TRY(check_name(what.target));
      const auto entry = TRY(connection_.ask<EntryReply>(Opcode::symlink, directory.id,
                                                         {bytes_of(name), kEnd, bytes_of(what.target), kEnd}));
      changed(directory);
      made = take_entry(directory, name, entry, asked);
      break;
    }
    default:
      made = create_file(directory, name, what.mode);
  }
  if (!made) return failure(made.error() == Error::no_entry ? Error::damaged : made.error());
  if ((*made)->type != what.type) {
    items_.release(**made);
    return failure(Error::damaged);
  }
  return Found{node_of(**made), what.type};
}

Result<> FuseFilesystem::link(Node node, std::string_view name, Node existing) {
  Item& directory = item(node);
  TRY(require_directory(directory));
  TRY(check_name(name));
  const Moment asked = now();
  const LinkRequest request{item(existing).id};
  const auto entry =
      TRY(connection_.ask<EntryReply>(Opcode::link, directory.id, {bytes_of(request), bytes_of(name), kEnd}));
  Item* const made = TRY(take_entry(directory, name, entry, asked));
  items_.release(*made);
  changed_names();
  return {};
}

/// Calls `remove()`, which asks for the end of a name. virtiofsd says EIO of one that is not there, and of one that it
/// was not asked for before. [QEMU 7.2 tools/virtiofsd/passthrough_ll.c, lo_unlink]
template <class F>
Result<> FuseFilesystem::remove_name(Node directory, std::string_view name, F remove) {
  const Result<> done = remove();
  if (done || done.error() != Error::io_error) return done;
  const Found found = TRY(lookup(directory, name));
  const Result<> again = remove();
  release(found.node);
  return again;
}

Result<> FuseFilesystem::unlink(Node node, std::string_view name, bool directory_expected) {
  Item& directory = item(node);
  TRY(require_directory(directory));
  TRY(check_name(name));
  const auto done = remove_name(node, name, [&] {
    return connection_.call(directory_expected ? Opcode::remove_directory : Opcode::unlink, directory.id,
                            {bytes_of(name), kEnd});
  });
  changed_names();
  items_.drop(directory, name);
  return done;
}

Result<> FuseFilesystem::rename(Node from, std::string_view name, Node to, std::string_view new_name) {
  Item& source = item(from);
  Item& target = item(to);
  TRY(require_directory(source));
  TRY(require_directory(target));
  TRY(check_name(name));
  TRY(check_name(new_name));
  const RenameRequest request{.new_directory = target.id};
  const auto done = remove_name(from, name, [&] {
    return connection_.call(Opcode::rename, source.id,
                            {bytes_of(request), bytes_of(name), kEnd, bytes_of(new_name), kEnd});
  });
  changed_names();
  items_.drop(source, name);
  items_.drop(target, new_name);
  return done;
}

Result<> FuseFilesystem::sync() {
  const std::uint64_t unused = 0;
  return connection_.call(Opcode::sync_all, kRoot, {bytes_of(unused)});
}

Statistics FuseFilesystem::statistics() {
  const auto reply = connection_.ask<StatisticsReply>(Opcode::statistics, kRoot, {});
  if (!reply) return {.magic = kMagic};
  return {.magic = kMagic,
          .block_size = reply->fragment_size == 0 ? reply->block_size : reply->fragment_size,
          .blocks = reply->blocks,
          .free_blocks = reply->available_blocks,
          .files = reply->files,
          .free_files = reply->free_files};
}

void FuseFilesystem::destroy() {
  items_.forget_all();
  static_cast<void>(connection_.call(Opcode::destroy, kRoot, {}));
  channel_.close();
  dispose(this);
}

}  // namespace toro::filesystem::fuse
