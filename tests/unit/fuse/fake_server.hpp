// A FUSE server without a device, over files in memory. It counts what it is owed, and can be made to lie.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernel/filesystem/fuse/channel.hpp"
#include "kernel/filesystem/fuse/protocol.hpp"
#include "kernel/filesystem/memory_filesystem.hpp"

namespace toro::filesystem::fuse::test {

using Bytes = std::vector<std::byte>;

/// What a client must never do ends the test.
inline void demand(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

class FakeServer final : public Channel {
 public:
  FakeServer() = default;
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer() { files.destroy(); }

  MemoryFilesystem& files = *make<MemoryFilesystem>();
  InitializeReply capabilities{
      .major = 7,
      .minor = 31,
      .flags = std::to_underlying(Flag::read_directory_plus) | std::to_underlying(Flag::most_pages),
      .most_written = 1 << 20,
      .most_pages = 256};
  std::uint64_t valid_seconds = 1;
  bool gone = false;
  /// Sees each reply before it is sent, with the kind of the request, and may change it: its header too.
  std::function<void(Opcode, Bytes&)> spoil = [](Opcode, Bytes&) {};
  std::map<Opcode, unsigned> asked;

  [[nodiscard]] std::size_t open_handles() const { return handles_.size(); }
  /// Of all nodes but the root: what the client has not given back.
  [[nodiscard]] std::uint64_t lookups() const {
    std::uint64_t sum = 0;
    for (const auto& [node, count] : lookups_) sum += count;
    return sum;
  }

  Result<std::size_t> call(Parts parts, Room room) override {
    if (gone) return failure(Error::io_error);
    Bytes request;
    for (const auto part : parts) {
      demand(!part.empty(), "a part is empty");
      request.insert(request.end(), part.begin(), part.end());
    }
    Bytes reply = answer(request);
    std::size_t written = 0;
    for (const auto part : room) {
      const std::size_t count = std::min(part.size(), reply.size() - written);
      std::memcpy(part.data(), reply.data() + written, count);
      written += count;
    }
    return written;
  }

  void post(Way way, std::span<const std::byte> message) override {
    demand(message.size() <= kMostPosted, "a posted message is too long");
    if (gone) return;
    const Bytes request(message.begin(), message.end());
    const auto header = take_header(request);
    demand((way == Way::express) == (header.opcode == Opcode::forget), "only forgets go past the others");
    static_cast<void>(answer(request));
  }

  void close() override {}

 private:
  template <class T>
  static T take(std::span<const std::byte>& from) {
    demand(from.size() >= sizeof(T), "a request is too short");
    T value;
    std::memcpy(&value, from.data(), sizeof value);
    from = from.subspan(sizeof value);
    return value;
  }
  static std::string take_name(std::span<const std::byte>& from) {
    const auto end = std::ranges::find(from, std::byte{});
    demand(end != from.end() && end != from.begin(), "a name has no end, or is empty");
    const auto size = static_cast<std::size_t>(end - from.begin());
    std::string name(reinterpret_cast<const char*>(from.data()), size);
    from = from.subspan(size + 1);
    return name;
  }
  template <class T>
  static void put(Bytes& to, const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    to.insert(to.end(), bytes.begin(), bytes.end());
  }
  static RequestHeader take_header(std::span<const std::byte> request) { return take<RequestHeader>(request); }

  Bytes answer(const Bytes& request) {
    std::span<const std::byte> body = request;
    const auto header = take<RequestHeader>(body);
    demand(header.length == request.size(), "a request has another length than it says");
    demand(header.opcode == Opcode::initialize || header.node == kRoot || lookups_.contains(header.node),
           "a request is about a node that the client has forgotten");
    ++asked[header.opcode];
    const auto done = handle(header, body);
    Bytes reply;
    put(reply, ReplyHeader{.length = static_cast<std::uint32_t>(sizeof(ReplyHeader) + (done ? done->size() : 0)),
                           .error = done ? 0 : -static_cast<std::int32_t>(done.error()),
                           .unique = header.unique});
    if (done) reply.insert(reply.end(), done->begin(), done->end());
    spoil(header.opcode, reply);
    return reply;
  }

  [[nodiscard]] Node node(std::uint64_t id) const { return id == kRoot ? files_root() : static_cast<Node>(id); }
  [[nodiscard]] Node files_root() const { return const_cast<FakeServer*>(this)->files.root(); }

  WireAttributes attributes(Node of) {
    const auto have = *files.attributes(of);
    const std::uint32_t kind = have.type == FileType::directory ? kDirectory
                               : have.type == FileType::symlink ? kSymlink
                                                                : kRegular;
    return {.inode = have.inode,
            .size = have.size,
            .blocks = have.allocated / 512,
            .modified = static_cast<std::uint64_t>(have.modified / 1'000'000'000),
            .modified_nanoseconds = static_cast<std::uint32_t>(have.modified % 1'000'000'000),
            .mode = kind | have.mode,
            .links = have.links,
            .user = have.user,
            .group = have.group,
            .block_size = have.block_size};
  }
  AttributesReply attributes_reply(Node of) { return {.valid = valid_seconds, .attributes = attributes(of)}; }
  /// Counted; `found` is held until it is forgotten.
  EntryReply entry(Found found) {
    if (lookups_[found.node]++ != 0) files.release(found.node);
    return {.node = found.node,
            .entry_valid = valid_seconds,
            .attributes_valid = valid_seconds,
            .attributes = attributes(found.node)};
  }
  /// Of a name that it does not know, virtiofsd says EIO: one that is not there, or that nobody looked up.
  Result<> know(Node directory, std::string_view name) {
    const auto found = files.lookup(directory, name);
    if (!found) return failure(Error::io_error);
    const bool was_looked_up = lookups_.contains(found->node);
    files.release(found->node);
    return was_looked_up ? Result<>{} : failure(Error::io_error);
  }
  Bytes opened(Node of) {
    Bytes reply;
    handles_[++last_handle_] = of;
    put(reply, OpenReply{.handle = last_handle_});
    return reply;
  }
  Node of_handle(std::uint64_t handle) {
    demand(handles_.contains(handle), "a handle is not open");
    return handles_.at(handle);
  }

  Result<Bytes> handle(const RequestHeader& header, std::span<const std::byte> body) {
    const Node at = node(header.node);
    Bytes reply;
    switch (header.opcode) {
      case Opcode::initialize: {
        const auto request = take<InitializeRequest>(body);
        demand(request.major == 7 && request.minor >= 31, "the client is too old");
        put(reply, capabilities);
        return reply;
      }
      case Opcode::lookup: {
        put(reply, entry(TRY(files.lookup(at, take_name(body)))));
        return reply;
      }
      case Opcode::forget: {
        const auto count = take<ForgetRequest>(body).lookups;
        demand(header.node == kRoot || lookups_.at(header.node) >= count, "more is forgotten than was looked up");
        if (header.node != kRoot && (lookups_[header.node] -= count) == 0) {
          lookups_.erase(header.node);
          files.release(at);
        }
        return reply;
      }
      case Opcode::get_attributes:
        put(reply, attributes_reply(at));
        return reply;
      case Opcode::set_attributes: {
        const auto request = take<ChangeRequest>(body);
        const auto has = [&](Change which) { return (request.valid & std::to_underlying(which)) != 0; };
        AttributeChange change;
        if (has(Change::mode)) change.mode = request.mode;
        if (has(Change::user)) change.user = request.user;
        if (has(Change::group)) change.group = request.group;
        if (has(Change::modified))
          change.modified = static_cast<std::int64_t>(request.modified) * 1'000'000'000 + request.modified_nanoseconds;
        if (has(Change::handle)) demand(of_handle(request.handle) == at, "a handle is another file's");
        if (has(Change::size)) TRY(files.truncate(at, request.size));
        TRY(files.change(at, change));
        put(reply, attributes_reply(at));
        return reply;
      }
      case Opcode::read_link: {
        std::array<char, kMostPath> target{};
        const std::size_t size = TRY(files.read_link(at, target));
        const auto bytes = std::as_bytes(std::span(target)).first(size);
        return Bytes(bytes.begin(), bytes.end());
      }
      case Opcode::symlink: {
        const std::string name = take_name(body);
        const std::string target = take_name(body);
        put(reply, entry(TRY(files.create(at, name, {.type = FileType::symlink, .mode = 0777, .target = target}))));
        return reply;
      }
      case Opcode::make_directory: {
        const auto request = take<MakeDirectoryRequest>(body);
        put(reply, entry(TRY(files.create(at, take_name(body), {.type = FileType::directory, .mode = request.mode}))));
        return reply;
      }
      case Opcode::create: {
        const auto request = take<CreateRequest>(body);
        const std::string name = take_name(body);
        demand((request.flags & kOpenExclusive) != 0, "virtiofsd would abort");
        const Found made = TRY(files.create(at, name, {.mode = request.mode & 07777U}));
        put(reply, entry(made));
        const Bytes open = opened(made.node);
        reply.insert(reply.end(), open.begin(), open.end());
        return reply;
      }
      case Opcode::unlink:
      case Opcode::remove_directory: {
        const std::string name = take_name(body);
        TRY(know(at, name));
        TRY(files.unlink(at, name, header.opcode == Opcode::remove_directory));
        return reply;
      }
      case Opcode::link: {
        const auto request = take<LinkRequest>(body);
        TRY(files.link(at, take_name(body), node(request.existing)));
        files.hold(node(request.existing));
        put(reply, entry({node(request.existing), FileType::regular}));
        return reply;
      }
      case Opcode::rename: {
        const auto request = take<RenameRequest>(body);
        const std::string old_name = take_name(body);
        TRY(know(at, old_name));
        TRY(files.rename(at, old_name, node(request.new_directory), take_name(body)));
        return reply;
      }
      case Opcode::open:
      case Opcode::open_directory:
        demand((files.attributes(at)->type == FileType::directory) == (header.opcode == Opcode::open_directory),
               "a directory is opened as a file, or a file as a directory");
        return opened(at);
      case Opcode::release:
      case Opcode::release_directory: {
        demand(handles_.erase(take<ReleaseRequest>(body).handle) == 1, "what is released is not open");
        return reply;
      }
      case Opcode::read: {
        const auto request = take<ReadRequest>(body);
        demand(request.size <= 1U << 20, "too much is read at once");
        reply.resize(request.size);
        reply.resize(TRY(files.read(of_handle(request.handle), request.offset, reply)));
        return reply;
      }
      case Opcode::write: {
        const auto request = take<WriteRequest>(body);
        demand(request.size == body.size() && request.size <= capabilities.most_written, "a write has another size");
        put(reply, WriteReply{.size = static_cast<std::uint32_t>(
                                  TRY(files.write(of_handle(request.handle), request.offset, body)))});
        return reply;
      }
      case Opcode::read_directory:
      case Opcode::read_directory_plus:
        return records(at, take<ReadRequest>(body), header.opcode == Opcode::read_directory_plus);
      case Opcode::statistics:
        put(reply, StatisticsReply{.blocks = 1000, .free_blocks = 500, .available_blocks = 400, .block_size = 4096});
        return reply;
      case Opcode::sync_file:
      case Opcode::sync_directory:
        static_cast<void>(of_handle(take<SyncRequest>(body).handle));
        return reply;
      case Opcode::sync_all:
      case Opcode::destroy:
        return reply;
    }
    return failure(Error::not_supported);
  }

  Result<Bytes> records(Node directory, const ReadRequest& request, bool plus) {
    struct Sink {
      FakeServer& server;
      Node directory;
      std::size_t most;
      bool plus;
      Bytes reply;
    } sink{*this, directory, request.size, plus, {}};
    static_cast<void>(of_handle(request.handle));
    const auto put_record = [](void* context, std::string_view name, Found found, std::uint64_t inode,
                               std::uint64_t next) {
      auto& to = *static_cast<Sink*>(context);
      const std::size_t size = ((to.plus ? 128U : 0U) + 24 + name.size() + 7) & ~std::size_t{7};
      if (to.reply.size() + size > to.most) return false;
      if (to.plus) {
        EntryReply entry;
        if (!name.starts_with('.')) entry = to.server.entry(*to.server.files.lookup(to.directory, name));
        put(to.reply, entry);
      }
      put(to.reply, DirectoryRecord{.inode = inode,
                                    .next = next + 10,
                                    .name_length = static_cast<std::uint32_t>(name.size()),
                                    .type = std::to_underlying(found.type)});
      const auto bytes = std::as_bytes(std::span(name));
      to.reply.insert(to.reply.end(), bytes.begin(), bytes.end());
      to.reply.resize((to.reply.size() + 7) & ~std::size_t{7});
      return true;
    };
    if (request.offset == 0)
      for (const char* dots : {".", ".."}) put_record(&sink, dots, {0, FileType::directory}, 1, 0);
    TRY(files.read_directory(directory, request.offset < 10 ? 0 : request.offset - 10, {&sink, put_record}));
    return std::move(sink.reply);
  }

  std::map<std::uint64_t, std::uint64_t> lookups_;
  std::map<std::uint64_t, Node> handles_;
  std::uint64_t last_handle_ = 100;
};

}  // namespace toro::filesystem::fuse::test
