// The connections of a bridge.
#include "sdk/vsock/bridge.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace toro::bridge {
namespace {

constexpr std::uint32_t kHostCid = virtio::kVsockHostCid;
constexpr std::uint32_t kBoth = virtio::kVsockNoReceive | virtio::kVsockNoSend;
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

/// One socket of the host, and the guest's port that it speaks with.
class Bridge::Connection {
 public:
  enum class State { host_connects, guest_answers, open };

  Connection(Bridge& bridge, Key key, FileDescriptor socket, State state)
      : bridge_(bridge), key_(key), socket_(std::move(socket)), state_(state) {
    if (state == State::guest_answers) owe(VsockOperation::request);
    if (state == State::host_connects) watch_writing();
  }

  [[nodiscard]] State state() const { return state_; }

  /// What the guest says of its room. Throws Violation.
  void take_credit(const VsockHeader& header) {
    if (sent_ - header.forwarded > sent_ - guest_forwarded_) throw Violation("it took more than it was sent");
    guest_forwarded_ = header.forwarded;
    guest_space_ = header.buffer_space;
    asked_ = asked_ && credit() == 0;
    watch_reading();
  }

  void guest_accepts() {
    state_ = State::open;
    watch_reading();
  }

  void take_data(const std::vector<std::span<const std::byte>>& payload, std::size_t size) {
    if (size > told_space() || (guest_shutdown_ & virtio::kVsockNoSend) != 0)
      throw Violation("it sends what there is no room for");
    received_ += static_cast<std::uint32_t>(size);
    std::size_t done = 0;
    if (waiting_.empty()) done = write(payload);
    for (auto part : payload) {
      const std::size_t skipped = std::min(done, part.size());
      done -= skipped;
      part = part.subspan(skipped);
      waiting_.append(reinterpret_cast<const char*>(part.data()), part.size());
    }
    written_or_not();
  }

  void take_shutdown(std::uint32_t flags) {
    guest_shutdown_ |= flags & kBoth;
    if ((guest_shutdown_ & virtio::kVsockNoReceive) != 0) reading_.reset();
    written_or_not();
  }

  /// The guest knows it no more. True: what it sent before it closed in peace still goes its way.
  [[nodiscard]] bool outlives_guest() {
    is_forgotten_ = guest_shutdown_ == kBoth && !waiting_.empty();
    if (!is_forgotten_ && guest_shutdown_ != kBoth) break_off();
    return is_forgotten_;
  }

  void want_credit_told() { owe(VsockOperation::credit_update); }

  /// The socket's other end learns that something went wrong.
  void break_off() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  /// Sends one thing that is owed, if it can be sent. False: the connection is over.
  [[nodiscard]] bool pay() {
    is_owing_ = false;
    for (const auto operation :
         {VsockOperation::reset, VsockOperation::request, VsockOperation::response, VsockOperation::credit_update,
          VsockOperation::credit_request, VsockOperation::shutdown}) {
      const std::uint32_t bit = 1U << std::to_underlying(operation);
      if ((owed_ & bit) == 0) continue;
      owed_ &= ~bit;
      transmit(operation, 0);
      if (operation == VsockOperation::reset) return false;
      if (owed_ != 0 || may_read_) owe_turn();
      return true;
    }
    if (std::exchange(may_read_, false)) read();
    return true;
  }

 private:
  void owe(VsockOperation operation) {
    owed_ |= 1U << std::to_underlying(operation);
    owe_turn();
  }
  void owe_turn() {
    if (!std::exchange(is_owing_, true)) bridge_.owing_.push_back(key_);
  }

  [[nodiscard]] std::size_t told_space() const { return kSpace - (received_ - told_forwarded_); }
  [[nodiscard]] std::size_t credit() const {
    const std::uint32_t in_flight = sent_ - guest_forwarded_;
    return in_flight >= guest_space_ ? 0 : guest_space_ - in_flight;
  }

  void transmit(VsockOperation operation, std::size_t payload) {
    told_forwarded_ = forwarded_;
    owed_ &= ~(1U << std::to_underlying(VsockOperation::credit_update));
    bridge_.send({.source_cid = kHostCid,
                  .destination_cid = kGuestCid,
                  .source_port = key_.second,
                  .destination_port = key_.first,
                  .length = static_cast<std::uint32_t>(payload),
                  .operation = operation,
                  .flags = operation == VsockOperation::shutdown ? virtio::kVsockNoSend : 0U,
                  .buffer_space = kSpace,
                  .forwarded = told_forwarded_},
                 payload);
  }

  void watch_reading() {
    if (state_ != State::open || has_ended_ || (guest_shutdown_ & virtio::kVsockNoReceive) != 0) return;
    if (credit() == 0) {
      reading_.reset();
      if (!std::exchange(asked_, true)) owe(VsockOperation::credit_request);
      return;
    }
    if (reading_) return;
    reading_ = bridge_.loop_.watch(socket_.get(), POLLIN, [this](short) {
      reading_.reset();  // until there was a buffer for it
      may_read_ = true;
      owe_turn();
      bridge_.pump();
    });
  }

  /// From the socket into the guest's buffer.
  void read() {
    if (has_ended_ || (guest_shutdown_ & virtio::kVsockNoReceive) != 0) return;
    std::size_t left = std::min(bridge_.room(), credit());
    std::vector<iovec> parts;
    std::size_t skipped = sizeof(VsockHeader);
    for (auto part : bridge_.spare_->writable) {
      const std::size_t header = std::min(skipped, part.size());
      skipped -= header;
      part = part.subspan(header);
      part = part.first(std::min(part.size(), left));
      left -= part.size();
      if (!part.empty()) parts.push_back({part.data(), part.size()});
    }
    if (parts.empty()) return watch_reading();
    const ssize_t count =
        ::readv(socket_.get(), parts.data(), static_cast<int>(std::min<std::size_t>(parts.size(), 64)));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return watch_reading();
    if (count < 0) return owe(VsockOperation::reset);
    if (count == 0) {
      has_ended_ = true;
      return owe(VsockOperation::shutdown);
    }
    transmit(VsockOperation::data, static_cast<std::size_t>(count));
    sent_ += static_cast<std::uint32_t>(count);
    watch_reading();
  }

  /// How many bytes the socket took.
  std::size_t write(const std::vector<std::span<const std::byte>>& payload) {
    std::array<iovec, 64> parts{};
    const std::size_t number = std::min(parts.size(), payload.size());
    for (std::size_t i = 0; i < number; ++i)
      parts[i] = {const_cast<std::byte*>(payload[i].data()), payload[i].size()};  // sendmsg() only reads
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = number;
    const ssize_t count = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      forwarded_ += static_cast<std::uint32_t>(count);
      return static_cast<std::size_t>(count);
    }
    if (errno != EAGAIN && errno != EINTR) owe(VsockOperation::reset);
    return 0;
  }

  void watch_writing() {
    if (writing_) return;
    writing_ = bridge_.loop_.watch(socket_.get(), POLLOUT, [this](short) {
      writing_.reset();
      writable();
      bridge_.pump();
    });
  }

  void writable() {
    if (state_ == State::host_connects) {
      int error = 0;
      socklen_t size = sizeof error;
      getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return owe(VsockOperation::reset);
      state_ = State::open;
      owe(VsockOperation::response);
      return watch_reading();
    }
    const std::size_t count = write({std::as_bytes(std::span(waiting_))});
    waiting_.erase(0, count);
    written_or_not();
  }

  void written_or_not() {
    if (!waiting_.empty()) watch_writing();
    if (kSpace - waiting_.size() - told_space() >= kSpace / 2) owe(VsockOperation::credit_update);
    if (!waiting_.empty()) return;
    if (is_forgotten_ || guest_shutdown_ == kBoth) return owe(VsockOperation::reset);
    if ((guest_shutdown_ & virtio::kVsockNoSend) != 0) ::shutdown(socket_.get(), SHUT_WR);
  }

  Bridge& bridge_;
  const Key key_;
  FileDescriptor socket_;
  State state_;
  Registration reading_;
  Registration writing_;
  std::uint32_t owed_ = 0;  ///< bits of VsockOperation
  bool is_owing_ = false;   ///< in the bridge's list
  bool may_read_ = false;
  bool has_ended_ = false;  ///< the socket's other end sends no more
  bool asked_ = false;      ///< for credit
  bool is_forgotten_ = false;
  std::uint32_t guest_shutdown_ = 0;
  std::string waiting_;  ///< for the socket
  // Counts of bytes, modulo 2^32.
  std::uint32_t received_ = 0;
  std::uint32_t forwarded_ = 0;
  std::uint32_t told_forwarded_ = 0;
  std::uint32_t sent_ = 0;
  std::uint32_t guest_forwarded_ = 0;
  std::uint32_t guest_space_ = 0;
};

Bridge::Bridge(EventLoop& loop, std::vector<Entrance> entrances, std::map<std::uint32_t, Target> targets)
    : loop_(loop), entrances_(std::move(entrances)), targets_(std::move(targets)) {
  for (Entrance& entrance : entrances_)
    entering_.push_back(loop_.watch(entrance.listener.get(), POLLIN, [this, &entrance](short) {
      accept(entrance);
      pump();
    }));
}

Bridge::~Bridge() = default;

void Bridge::add(Key key, FileDescriptor socket, bool is_from_guest, const VsockHeader* request) {
  auto connection =
      std::make_unique<Connection>(*this, key, std::move(socket),
                                   is_from_guest ? Connection::State::host_connects : Connection::State::guest_answers);
  if (request != nullptr) connection->take_credit(*request);
  connections_.emplace(key, std::move(connection));
}

void Bridge::remove(Key key) {
  connections_.erase(key);
}

/// One at a time: the loop comes back.
void Bridge::accept(Entrance& entrance) {
  FileDescriptor client = cli::accept_client(entrance.listener);
  if (!client || connections_.size() >= kMostConnections || !to_guest.is_usable()) return;
  Key key{entrance.guest_port, 0};
  do {
    key.second = next_port_++;
    if (next_port_ == UINT32_MAX) next_port_ = 1024;
  } while (targets_.contains(key.second) || connections_.contains(key));
  add(key, std::move(client), false, nullptr);
}

void Bridge::connect(const VsockHeader& header) {
  const auto target = targets_.find(header.destination_port);
  if (target == targets_.end() || connections_.size() >= kMostConnections) return refuse(header);
  FileDescriptor socket = connect_to(target->second);
  if (!socket) return refuse(header);
  add({header.source_port, header.destination_port}, std::move(socket), true, &header);
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

void Bridge::input(const VsockHeader& header, std::vector<std::span<const std::byte>>& payload, std::size_t size) {
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
      if (!connection.outlives_guest()) remove(key);
      return;
    }
    connection.take_credit(header);
    switch (header.operation) {
      case VsockOperation::response:
        if (connection.state() != Connection::State::guest_answers) throw Violation("an answer that nobody asked for");
        return connection.guest_accepts();
      case VsockOperation::data:
        if (connection.state() != Connection::State::open) throw Violation("data before a connection");
        return connection.take_data(payload, size);
      case VsockOperation::shutdown:
        return connection.take_shutdown(header.flags);
      case VsockOperation::credit_request:
        return connection.want_credit_told();
      case VsockOperation::credit_update:
        return;
      default:
        throw Violation("an operation that makes no sense");
    }
  } catch (const Violation&) {  // of this connection alone
    connection.break_off();
    remove(key);
    refuse(header);
  }
}

void Bridge::take_from_guest() {
  while (refused_.size() < kMostRefused) {
    auto chain = from_guest.pop(memory);
    if (!chain) return;
    VsockHeader header;
    std::size_t have = 0;
    std::vector<std::span<const std::byte>> payload;
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

bool Bridge::has_room() {
  if (!to_guest.is_usable()) return false;
  while (!spare_) {
    spare_ = to_guest.pop(memory);
    if (!spare_) {
      if (!to_guest.want_kicks(true)) return false;
      continue;
    }
    std::size_t size = 0;
    for (const auto part : spare_->writable) size += part.size();
    if (size > sizeof(VsockHeader)) break;
    to_guest.push(*spare_, 0);  // of no use
    spare_.reset();
  }
  return true;
}

std::size_t Bridge::room() const {
  std::size_t size = 0;
  for (const auto part : spare_->writable) size += part.size();
  return size - sizeof(VsockHeader);
}

/// Into the spare buffer, where the payload lies already.
void Bridge::send(VsockHeader header, std::size_t payload) {
  std::span<const std::byte> left = std::as_bytes(std::span(&header, 1));
  for (const auto part : spare_->writable) {
    const std::size_t size = std::min(left.size(), part.size());
    std::memcpy(part.data(), left.data(), size);
    left = left.subspan(size);
  }
  to_guest.push(*std::exchange(spare_, std::nullopt), static_cast<std::uint32_t>(sizeof header + payload));
}

void Bridge::pump() {
  while ((!refused_.empty() || !owing_.empty()) && has_room()) {
    if (!refused_.empty()) {
      send(refused_.front(), 0);
      refused_.pop_front();
      continue;
    }
    const Key key = owing_.front();
    owing_.pop_front();
    const auto found = connections_.find(key);
    if (found != connections_.end() && !found->second->pay()) remove(key);
  }
  if (to_guest.is_usable()) to_guest.signal();
}

void Bridge::serve_queues() {
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
  if (std::exchange(spare_, std::nullopt)) to_guest.unpop();
}

void Bridge::reset() {
  for (auto& [key, connection] : connections_) connection->break_off();
  connections_.clear();
  owing_.clear();
  refused_.clear();
}

}  // namespace toro::bridge
