// A connection: what goes from the guest to the socket, and back.
#include "sdk/vsock/connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sdk/vsock/bridge.hpp"

namespace toro::bridge {
namespace {

constexpr std::uint32_t kBoth = virtio::kVsockNoReceive | virtio::kVsockNoSend;
constexpr std::size_t kMostParts = 64;  ///< of one call to the host's kernel

constexpr std::uint32_t bit(VsockOperation operation) {
  return 1U << std::to_underlying(operation);
}

}  // namespace

Connection::Connection(Bridge& bridge, Key key, cli::FileDescriptor socket, State state)
    : bridge_(bridge), key_(key), socket_(std::move(socket)), state_(state) {
  if (state == State::guest_answers) owe(VsockOperation::request);
  if (state == State::host_connects) watch_writing();
}

void Connection::take_credit(const VsockHeader& header) {
  if (sent_ - header.forwarded > sent_ - guest_forwarded_) throw Violation("it took more than it was sent");
  guest_forwarded_ = header.forwarded;
  guest_space_ = header.buffer_space;
  has_asked_ = has_asked_ && credit() == 0;
  watch_reading();
}

void Connection::take_answer() {
  if (state_ != State::guest_answers) throw Violation("an answer that nobody asked for");
  state_ = State::open;
  watch_reading();
}

void Connection::take_data(const Payload& payload, std::size_t size) {
  if (state_ != State::open) throw Violation("data before a connection");
  if (size > told_space() || (guest_shutdown_ & virtio::kVsockNoSend) != 0)
    throw Violation("it sends what there is no room for");
  received_ += static_cast<std::uint32_t>(size);
  std::size_t done = waiting_.empty() ? write(payload) : 0;
  for (auto part : payload) {
    const std::size_t skipped = std::min(done, part.size());
    done -= skipped;
    part = part.subspan(skipped);
    waiting_.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  settle();
}

void Connection::take_shutdown(std::uint32_t flags) {
  guest_shutdown_ |= flags & kBoth;
  if ((guest_shutdown_ & virtio::kVsockNoReceive) != 0) reading_.reset();
  settle();
}

bool Connection::outlives_guest() {
  is_forgotten_ = guest_shutdown_ == kBoth && !waiting_.empty();
  if (guest_shutdown_ != kBoth) break_off();
  return is_forgotten_;
}

void Connection::break_off() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool Connection::take_turn() {
  wants_turn_ = false;
  for (const auto operation :
       {VsockOperation::reset, VsockOperation::request, VsockOperation::response, VsockOperation::credit_update,
        VsockOperation::credit_request, VsockOperation::shutdown}) {
    if ((owed_ & bit(operation)) == 0) continue;
    owed_ &= ~bit(operation);
    transmit(operation, 0);
    if (operation == VsockOperation::reset) return false;
    if (owed_ != 0 || may_read_) want_turn();
    return true;
  }
  if (std::exchange(may_read_, false)) read();
  return true;
}

void Connection::owe(VsockOperation operation) {
  owed_ |= bit(operation);
  want_turn();
}

void Connection::want_turn() {
  if (!std::exchange(wants_turn_, true)) bridge_.give_turn(key_);
}

std::size_t Connection::credit() const {
  const std::uint32_t in_flight = sent_ - guest_forwarded_;
  return in_flight >= guest_space_ ? 0 : guest_space_ - in_flight;
}

void Connection::transmit(VsockOperation operation, std::size_t payload) {
  told_forwarded_ = forwarded_;
  owed_ &= ~bit(VsockOperation::credit_update);
  bridge_.send({.source_cid = virtio::kVsockHostCid,
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

void Connection::watch_reading() {
  if (state_ != State::open || has_ended_ || (guest_shutdown_ & virtio::kVsockNoReceive) != 0) return;
  if (credit() == 0) {
    reading_.reset();
    if (!std::exchange(has_asked_, true)) owe(VsockOperation::credit_request);
    return;
  }
  if (reading_ || may_read_) return;
  reading_ = bridge_.loop().watch(socket_.get(), POLLIN, [this](short) {
    reading_.reset();  // until there was a buffer for it
    may_read_ = true;
    want_turn();
    bridge_.pump();
  });
}

/// From the socket into the guest's buffer.
void Connection::read() {
  if (has_ended_ || (guest_shutdown_ & virtio::kVsockNoReceive) != 0) return;
  std::array<iovec, kMostParts> parts{};
  const std::size_t count = bridge_.payload_parts(parts, credit());
  if (count == 0) return watch_reading();
  const ssize_t size = ::readv(socket_.get(), parts.data(), static_cast<int>(count));
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return watch_reading();
  if (size < 0) return owe(VsockOperation::reset);
  if (size == 0) {
    has_ended_ = true;
    return owe(VsockOperation::shutdown);
  }
  transmit(VsockOperation::data, static_cast<std::size_t>(size));
  sent_ += static_cast<std::uint32_t>(size);
  watch_reading();
}

/// How many bytes the socket took.
std::size_t Connection::write(const Payload& payload) {
  std::array<iovec, kMostParts> parts{};
  const std::size_t number = std::min(parts.size(), payload.size());
  for (std::size_t i = 0; i < number; ++i)
    parts[i] = {const_cast<std::byte*>(payload[i].data()), payload[i].size()};  // sendmsg() only reads
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = number;
  const ssize_t size = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (size >= 0) {
    forwarded_ += static_cast<std::uint32_t>(size);
    return static_cast<std::size_t>(size);
  }
  if (errno != EAGAIN && errno != EINTR) owe(VsockOperation::reset);
  return 0;
}

void Connection::watch_writing() {
  if (writing_) return;
  writing_ = bridge_.loop().watch(socket_.get(), POLLOUT, [this](short) {
    writing_.reset();
    writable();
    bridge_.pump();
  });
}

void Connection::writable() {
  if (state_ == State::host_connects) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return owe(VsockOperation::reset);
    state_ = State::open;
    owe(VsockOperation::response);
    return watch_reading();
  }
  waiting_.erase(0, write({std::as_bytes(std::span(waiting_))}));
  settle();
}

/// After what the guest did, and what the socket took.
void Connection::settle() {
  if (kSpace - waiting_.size() - told_space() >= kSpace / 2) owe(VsockOperation::credit_update);
  if (!waiting_.empty()) return watch_writing();
  if (guest_shutdown_ == kBoth) return owe(VsockOperation::reset);
  if ((guest_shutdown_ & virtio::kVsockNoSend) != 0) ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace toro::bridge
