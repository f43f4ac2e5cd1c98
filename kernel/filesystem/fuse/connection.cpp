// FUSE's requests and replies.
#include "kernel/filesystem/fuse/connection.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace toro::filesystem::fuse {
namespace {

constexpr std::uint32_t kPage = 4096;
constexpr std::uint32_t kMostTransfer = 1U << 20;  // bytes: what Linux asks for too, and no server takes more
constexpr std::uint32_t kPagesOtherwise = 32;      // of a server without Flag::most_pages [Linux fs/fuse/fuse_i.h]
constexpr std::int32_t kMostErrno = 511;           // [Linux fs/fuse/dev.c]
constexpr std::int32_t kNoSuchCall = 38;           // ENOSYS

constexpr std::uint32_t bit(Flag flag) {
  return std::to_underlying(flag);
}

}  // namespace

Result<> Connection::start() {
  const InitializeRequest request{
      .most_readahead = kMostTransfer,
      .flags = bit(Flag::asynchronous_read) | bit(Flag::big_writes) | bit(Flag::read_directory_plus) |
               bit(Flag::parallel_directory_operations) | bit(Flag::most_pages),
  };
  const auto reply = TRY(ask<InitializeReply>(Opcode::initialize, 0, {bytes_of(request)}));
  if (reply.major != kMajor || reply.minor < kMinor) return failure(Error::not_supported);
  const bool has_pages = (reply.flags & bit(Flag::most_pages)) != 0;
  const std::uint32_t pages = has_pages ? std::max<std::uint32_t>(reply.most_pages, 1) : kPagesOtherwise;
  most_read_ = std::min(pages * kPage, kMostTransfer);
  most_written_ = std::clamp(reply.most_written, kPage, most_read_);
  directories_plus_ = (reply.flags & bit(Flag::read_directory_plus)) != 0;
  return {};
}

Result<std::size_t> Connection::exchange(Opcode opcode, std::uint64_t node, const Body& body, std::span<std::byte> to) {
  RequestHeader header{.opcode = opcode, .unique = next_unique(), .node = node};
  std::array<std::span<const std::byte>, Body::kMost + 1> request{bytes_of(header)};
  std::size_t parts = 1;
  std::size_t length = sizeof header;
  for (const auto part : std::span(body.parts).first(body.count)) {
    request[parts++] = part;
    length += part.size();
  }
  header.length = static_cast<std::uint32_t>(length);
  alignas(8) ReplyHeader shared{};
  const std::array room{std::as_writable_bytes(std::span(&shared, 1)), to};
  const std::size_t written =
      TRY(channel_.call(std::span(request).first(parts), std::span(room).first(to.empty() ? 1 : 2)));
  if (written < sizeof shared) return failure(Error::damaged);
  const ReplyHeader reply = copy_once(shared);
  if (reply.unique != header.unique || reply.length < sizeof reply || reply.length > written)
    return failure(Error::damaged);
  if (reply.error > 0 || reply.error < -kMostErrno) return failure(Error::damaged);
  if (reply.error == -kNoSuchCall) return failure(Error::not_supported);
  if (reply.error != 0) return failure(static_cast<Error>(-reply.error));
  return std::min<std::size_t>(reply.length - sizeof reply, to.size());
}

template <class T>
void Connection::post(Channel::Way way, Opcode opcode, std::uint64_t node, const T& body) {
  struct Message {
    RequestHeader header;
    T body;
  };
  static_assert(sizeof(Message) <= kMostPosted);
  const Message message{{.length = sizeof(Message), .opcode = opcode, .unique = next_unique(), .node = node}, body};
  channel_.post(way, bytes_of(message));
}

void Connection::release(Opcode opcode, std::uint64_t node, std::uint64_t handle) {
  post(Channel::Way::queued, opcode, node, ReleaseRequest{.handle = handle});
}

void Connection::forget(std::uint64_t node, std::uint64_t lookups) {
  if (lookups != 0) post(Channel::Way::express, Opcode::forget, node, ForgetRequest{lookups});
}

}  // namespace toro::filesystem::fuse
