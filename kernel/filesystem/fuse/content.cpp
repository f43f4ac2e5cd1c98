// The files of a FUSE server: what is in them.
#include <algorithm>

#include "kernel/filesystem/fuse/fuse_filesystem.hpp"

namespace toro::filesystem::fuse {

Result<std::uint64_t> FuseFilesystem::open(Item& file, Use use) {
  if (file.type == FileType::directory) return failure(Error::is_directory);
  if (file.type != FileType::regular) return failure(Error::no_device);  // a pipe of the host would stop the server
  auto& handle = use == Use::write ? file.writer : file.reader;
  if (handle) return *handle;
  const OpenRequest request{.flags = use == Use::write ? kOpenWrite : kOpenRead};
  const auto reply = TRY(connection_.ask<OpenReply>(Opcode::open, file.id, {bytes_of(request)}));
  if (handle)
    connection_.release(Opcode::release, file.id, reply.handle);  // another thread was faster
  else
    handle = reply.handle;
  return *handle;
}

Result<std::size_t> FuseFilesystem::read(Node node, std::uint64_t offset, std::span<std::byte> to) {
  Item& file = item(node);
  const std::uint64_t handle = TRY(open(file, Use::read));
  std::size_t done = 0;
  while (done < to.size()) {
    const auto part = to.subspan(done, std::min<std::size_t>(to.size() - done, connection_.most_read()));
    const ReadRequest request{
        .handle = handle, .offset = offset + done, .size = static_cast<std::uint32_t>(part.size())};
    const auto count = connection_.fetch(Opcode::read, file.id, {bytes_of(request)}, part);
    if (!count && done == 0) return count;
    if (!count) break;
    done += *count;
    if (*count < part.size()) break;
  }
  return done;
}

Result<std::size_t> FuseFilesystem::write(Node node, std::uint64_t offset, std::span<const std::byte> from) {
  Item& file = item(node);
  const std::uint64_t handle = TRY(open(file, Use::write));
  std::size_t done = 0;
  Result<> all;
  while (done < from.size()) {
    const auto part = from.subspan(done, std::min<std::size_t>(from.size() - done, connection_.most_written()));
    const WriteRequest request{
        .handle = handle, .offset = offset + done, .size = static_cast<std::uint32_t>(part.size())};
    const auto reply = connection_.ask<WriteReply>(Opcode::write, file.id, {bytes_of(request), part});
    if (!reply)
      all = failure(reply.error());
    else if (reply->size > part.size())
      all = failure(Error::damaged);
    else
      done += reply->size;
    if (!all || reply->size < part.size()) break;
  }
  changed(file);
  if (done == 0 && !all) return failure(all.error());
  if (done == 0 && !from.empty()) return failure(Error::io_error);
  return done;
}

Result<> FuseFilesystem::sync_file(Node node) {
  Item& of = item(node);
  if (of.type == FileType::directory) {
    Listing* const listing = TRY(open_listing(of));
    const SyncRequest request{.handle = listing->handle};
    const auto done = connection_.call(Opcode::sync_directory, of.id, {bytes_of(request)});
    close_listing(of, *listing);
    return done;
  }
  if (of.type != FileType::regular) return {};
  const SyncRequest request{.handle = of.writer ? *of.writer : TRY(open(of, Use::read))};
  return connection_.call(Opcode::sync_file, of.id, {bytes_of(request)});
}

}  // namespace toro::filesystem::fuse
