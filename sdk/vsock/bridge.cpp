// The connections of a bridge.
#include "sdk/vsock/bridge.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace toro::bridge {
namespace {

constexpr std::uint32_t kHostCid = virtio::kVsockHostCid;
constexpr std::size_t kMostRefused = 1024;

/// A socket that connects, or has; empty when nobody listens there.
FileDescriptor connect_to(const Target& target) {
  sockaddr_in internet{};
  sockaddr_un local{};
  const sockaddr* address = nullptr;
  socklen_t size = 0;
  if (target.path.empty()) {
    internet.sin_family = AF_INET;
    internet.sin_port = htons(target.port);
    internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address = reinterpret_cast<const sockaddr*>(&internet);
    size = sizeof internet;
  } else {
    if (target.path.size() >= sizeof local.sun_path) return {};
    local.sun_family = AF_UNIX;
    std::ranges::copy(target.path, local.sun_path);
    address = reinterpret_cast<const sockaddr*>(&local);
    size = sizeof local;
  }
  FileDescriptor socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket || (::connect(socket.get(), address, size) != 0 && errno != EINPROGRESS)) return {};
  const int on = 1;
  if (target.path.empty()) setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

}  // namespace

Bridge::Bridge(EventLoop& loop, std::vector<Entrance> entrances, std::map<std::uint32_t, Target> targets)
    : loop_(loop), entrances_(std::move(entrances)), targets_(std::move(targets)) {}

Bridge::~Bridge() = default;

Connection& Bridge::add(Key key, FileDescriptor socket, Connection::State state) {
  auto& place = connections_[key];
  place = std::make_unique<Connection>(*this, key, std::move(socket), state);
  return *place;
}

/// Who comes before the guest's driver is there waits at the entrance.
void Bridge::open_entrances() {
  if (!entering_.empty() || !to_guest.is_usable()) return;
  for (Entrance& entrance : entrances_)
    entering_.push_back(loop_.watch(entrance.listener.get(), POLLIN, [this, &entrance](short) {
      if (!to_guest.is_usable()) return entering_.clear();
      accept(entrance);
      pump();
    }));
}

/// One at a time: the loop comes back.
void Bridge::accept(Entrance& entrance) {
  FileDescriptor client = cli::accept_client(entrance.listener);
  if (!client || connections_.size() >= kMostConnections) return;
  Key key{entrance.guest_port, 0};
  do {
    key.second = next_port_++;
    if (next_port_ == UINT32_MAX) next_port_ = 1024;
  } while (targets_.contains(key.second) || connections_.contains(key));
  static_cast<void>(add(key, std::move(client), Connection::State::guest_answers));
}

void Bridge::connect(const VsockHeader& header) {
  const auto target = targets_.find(header.destination_port);
  if (target == targets_.end() || connections_.size() >= kMostConnections) return refuse(header);
  FileDescriptor socket = connect_to(target->second);
  if (!socket) return refuse(header);
  add({header.source_port, header.destination_port}, std::move(socket), Connection::State::host_connects)
      .take_credit(header);
}

void Bridge::refuse(const VsockHeader& header) {
  if (header.operation == VsockOperation::reset) return;
  refused_.push_back({.source_cid = header.destination_cid,
                      .destination_cid = kGuestCid,
                      .source_port = header.destination_port,
                      .destination_port = header.source_port,
                      .type = header.type,
                      .operation = VsockOperation::reset});
}

void Bridge::input(const VsockHeader& header, const Payload& payload, std::size_t size) {
  if (header.source_cid != kGuestCid) return;
  if (header.destination_cid != kHostCid || header.type != virtio::VsockType::stream) return refuse(header);
  const Key key{header.source_port, header.destination_port};
  const auto found = connections_.find(key);
  if (found == connections_.end()) {
    if (header.operation == VsockOperation::request) return connect(header);
    return refuse(header);
  }
  Connection& connection = *found->second;
  try {
    if (header.operation == VsockOperation::reset) {
      if (!connection.outlives_guest()) connections_.erase(found);
      return;
    }
    connection.take_credit(header);
    switch (header.operation) {
      case VsockOperation::response:
        return connection.take_answer();
      case VsockOperation::data:
        return connection.take_data(payload, size);
      case VsockOperation::shutdown:
        return connection.take_shutdown(header.flags);
      case VsockOperation::credit_request:
        return connection.take_credit_request();
      case VsockOperation::credit_update:
        return;
      default:
        throw Violation("an operation that makes no sense");
    }
  } catch (const Violation&) {  // of this connection alone
    connection.break_off();
    connections_.erase(found);
    refuse(header);
  }
}

void Bridge::take_from_guest() {
  while (refused_.size() < kMostRefused) {
    auto chain = from_guest.pop(memory);
    if (!chain) return;
    VsockHeader header;
    std::size_t have = 0;
    Payload payload;
    std::size_t size = 0;
    for (auto part : chain->readable) {
      const std::size_t taken = std::min(sizeof header - have, part.size());
      std::memcpy(reinterpret_cast<std::byte*>(&header) + have, part.data(), taken);
      have += taken;
      part = part.subspan(taken);
      if (part.empty()) continue;
      payload.push_back(part);
      size += part.size();
    }
    if (have == sizeof header && header.length == size) input(header, payload, size);
    from_guest.push(*chain, 0);
  }
}

bool Bridge::has_buffer() {
  if (!to_guest.is_usable()) return false;
  while (!buffer_) {
    buffer_ = to_guest.pop(memory);
    if (!buffer_) {
      if (!to_guest.want_kicks(true)) return false;
      continue;
    }
    std::size_t size = 0;
    for (const auto part : buffer_->writable) size += part.size();
    if (size >= sizeof(VsockHeader)) break;
    to_guest.push(*std::exchange(buffer_, std::nullopt), 0);  // of no use
  }
  return true;
}

std::size_t Bridge::payload_parts(std::span<iovec> parts, std::size_t size) const {
  std::size_t count = 0;
  std::size_t header = sizeof(VsockHeader);
  for (auto part : buffer_->writable) {
    const std::size_t skipped = std::min(header, part.size());
    header -= skipped;
    part = part.subspan(skipped);
    part = part.first(std::min(part.size(), size));
    if (part.empty() || count == parts.size()) continue;
    size -= part.size();
    parts[count++] = {part.data(), part.size()};
  }
  return count;
}

void Bridge::send(const VsockHeader& header, std::size_t payload) {
  std::span<const std::byte> left = std::as_bytes(std::span(&header, 1));
  for (const auto part : buffer_->writable) {
    const std::size_t size = std::min(left.size(), part.size());
    std::memcpy(part.data(), left.data(), size);
    left = left.subspan(size);
  }
  to_guest.push(*std::exchange(buffer_, std::nullopt), static_cast<std::uint32_t>(sizeof header + payload));
}

void Bridge::pump() {
  while ((!refused_.empty() || !turns_.empty()) && has_buffer()) {
    if (!refused_.empty()) {
      send(refused_.front(), 0);
      refused_.pop_front();
      continue;
    }
    const auto found = connections_.find(turns_.front());
    turns_.pop_front();
    if (found != connections_.end() && !found->second->take_turn()) connections_.erase(found);
  }
  if (to_guest.is_usable()) to_guest.signal();
}

void Bridge::serve_queues() {
  open_entrances();
  if (from_guest.is_usable()) {
    do {
      static_cast<void>(from_guest.want_kicks(false));
      take_from_guest();
      pump();
    } while (refused_.size() < kMostRefused && from_guest.want_kicks(true));
    from_guest.signal();
  }
  pump();
}

void Bridge::pause() {
  if (std::exchange(buffer_, std::nullopt)) to_guest.unpop();
}

void Bridge::reset() {
  for (auto& [key, connection] : connections_) connection->break_off();
  connections_.clear();
  turns_.clear();
  refused_.clear();
}

}  // namespace toro::bridge
