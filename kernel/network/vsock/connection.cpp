// A connection: what comes, what goes, and what each side has room for.
#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "kernel/network/vsock/streams.hpp"

namespace toro::vsock {

namespace {

constexpr std::uint8_t kBoth = virtio::kVsockNoReceive | virtio::kVsockNoSend;

}  // namespace

Connection::Connection(Streams& streams, State state, Address remote, std::uint32_t local_port,
                       inet::Observer* observer)
    : streams_(streams),
      state_(state),
      remote_(remote),
      local_port_(local_port),
      observer_(observer),
      timer_(this,
             [](void* of) {
               auto& connection = *static_cast<Connection*>(of);
               if (connection.state_ == State::closing) return connection.owe(Owed::reset);
               connection.ended(Error::timed_out);  // who answers later is told so
             }),
      received_(streams.chunks_, kMostSpace) {
  streams_.bucket(local_port_, remote_).push(*this);
  ++streams_.count_;
}

Connection::~Connection() {
  if (state_ != State::closed) leave();
  streams_.promises_.give(space_);
}

/// The other side knows nothing of it any more, nor does this one when a packet comes.
void Connection::leave() {
  streams_.timers_.cancel(timer_);
  owe_nothing();
  streams_.bucket(local_port_, remote_).remove(*this);
  --streams_.count_;
  if (state_ == State::closing) --streams_.closing_count_;
  state_ = State::closed;
}

void Connection::ended(std::optional<Error> error) {
  const bool has_user = state_ != State::closing;
  leave();
  if (port_ != nullptr && error)
    port_->remove(*this);
  else if (port_ != nullptr)
    return;  // who accepts it finds what came
  else if (has_user) {
    error_ = error;
    return changed();
  }
  streams_.dispose(*this);
}

/// The other side does what it must not.
void Connection::break_off(Error error) {
  transmit(VsockOperation::reset);
  ended(error);
}

void Connection::owe(Owed what) {
  if (owed_ == 0) streams_.owing_.push(*this);
  owed_ = static_cast<std::uint8_t>(owed_ | 1U << std::to_underlying(what));
}

void Connection::paid(Owed what) {
  if (!owes(what)) return;
  owed_ = static_cast<std::uint8_t>(owed_ & ~(1U << std::to_underlying(what)));
  if (owed_ == 0) streams_.owing_.remove(*this);
}

void Connection::owe_nothing() {
  if (std::exchange(owed_, 0) != 0) streams_.owing_.remove(*this);
}

void Connection::transmit(VsockOperation operation, Bytes payload) {
  told_forwarded_ = forwarded_;
  told_space_ = static_cast<std::uint32_t>(space_);
  paid(Owed::credit_update);
  streams_.link_.transmit({.source_cid = streams_.link_.cid(),
                           .destination_cid = remote_.cid,
                           .source_port = local_port_,
                           .destination_port = remote_.port,
                           .length = static_cast<std::uint32_t>(payload.size()),
                           .operation = operation,
                           .flags = operation == VsockOperation::shutdown ? shutdown_ : 0U,
                           .buffer_space = told_space_,
                           .forwarded = told_forwarded_},
                          payload);
}

/// One packet, or a word to who waits for room.
void Connection::pay() {
  constexpr std::array kOperations{VsockOperation::reset,          VsockOperation::response,
                                   VsockOperation::request,        VsockOperation::credit_update,
                                   VsockOperation::credit_request, VsockOperation::shutdown};
  const auto what = static_cast<Owed>(std::countr_zero(owed_));
  paid(what);
  if (what == Owed::room) return changed();
  transmit(kOperations[std::to_underlying(what)]);
  if (what == Owed::reset) ended(std::nullopt);
}

Result<std::size_t> Connection::send(Bytes bytes) {
  if (const auto error = take_error()) return inet::failure(*error);
  if (state_ == State::connecting) return inet::failure(Error::not_connected);
  if (has_ended_sending()) return inet::failure(Error::broken_pipe);
  std::size_t done = 0;
  while (done < bytes.size()) {
    if (!may_transmit()) break;
    const std::size_t size = std::min({bytes.size() - done, credit(), Streams::kMostPayload});
    transmit(VsockOperation::data, bytes.subspan(done, size));
    sent_ += static_cast<std::uint32_t>(size);
    done += size;
  }
  if (done == 0 && !bytes.empty()) return inet::failure(Error::again);
  return done;
}

Result<std::size_t> Connection::receive(MutableBytes to, Take take) {
  if (stored_ == 0) {
    if (const auto error = take_error()) return inet::failure(*error);
    if (state_ == State::connecting) return inet::failure(Error::not_connected);
    if (has_ended_receiving()) return 0U;
    return inet::failure(Error::again);
  }
  const std::size_t size = std::min(to.size(), stored_);
  received_.read(0, to.first(size));
  if (take == Take::only_look) return size;
  stored_ -= size;
  received_.drop(size, stored_);
  forwarded_ += static_cast<std::uint32_t>(size);
  if (!has_ended_receiving()) offer_space();
  return size;
}

/// Who reads as fast as the other side sends gets more of the memory. The other side is told when half is free again.
void Connection::offer_space() {
  if (stored_ == 0 && told_space() < space_ / 2 && space_ < kMostSpace && streams_.promises_.take(space_)) space_ *= 2;
  if (space_ - stored_ - told_space() >= space_ / 2) owe(Owed::credit_update);
}

std::size_t Connection::credit() const {
  const std::uint32_t in_flight = sent_ - peer_forwarded_;
  return in_flight >= peer_space_ ? 0 : peer_space_ - in_flight;
}

bool Connection::has_ended_receiving() const {
  return state_ == State::closed || (peer_shutdown_ & virtio::kVsockNoSend) != 0 ||
         (shutdown_ & virtio::kVsockNoReceive) != 0;
}

bool Connection::has_ended_sending() const {
  return state_ == State::closed || (peer_shutdown_ & virtio::kVsockNoReceive) != 0 ||
         (shutdown_ & virtio::kVsockNoSend) != 0;
}

/// Otherwise the observer is told when it may.
bool Connection::may_transmit() {
  if (credit() == 0) {
    if (!std::exchange(asked_for_credit_, true)) owe(Owed::credit_request);
    return false;
  }
  if (streams_.link_.room() > Streams::kReserved && !owes(Owed::response)) return true;
  owe(Owed::room);
  return false;
}

bool Connection::is_writable() {
  return state_ != State::connecting && (has_ended_sending() || may_transmit());
}

void Connection::shut_down(std::uint32_t flags) {
  if (state_ != State::established || (shutdown_ & flags) == flags) return;
  shutdown_ = static_cast<std::uint8_t>(shutdown_ | flags);
  owe(Owed::shutdown);
}

void Connection::close() {
  observer_ = nullptr;
  switch (state_) {
    case State::established:
      stored_ = 0;
      received_.clear();
      shut_down(kBoth);
      state_ = State::closing;
      ++streams_.closing_count_;
      return streams_.timers_.arm(timer_, streams_.link_.now() + Streams::kCloseTimeout);
    case State::connecting:
      return abort();
    default:
      return streams_.dispose(*this);
  }
}

void Connection::abort() {
  observer_ = nullptr;
  if (state_ == State::closed) return streams_.dispose(*this);
  streams_.timers_.cancel(timer_);
  state_ = State::closing;
  ++streams_.closing_count_;
  owe_nothing();
  owe(Owed::reset);
}

/// False when it says that it took what was never sent.
bool Connection::take_credit(const VsockHeader& header) {
  if (sent_ - header.forwarded > sent_ - peer_forwarded_) return false;
  const std::size_t before = credit();
  peer_forwarded_ = header.forwarded;
  peer_space_ = header.buffer_space;
  if (before == 0 && credit() != 0) {
    asked_for_credit_ = false;
    changed();
  }
  return true;
}

void Connection::input(const VsockHeader& header, Bytes payload) {
  if (header.operation == VsockOperation::reset) {
    const bool is_answer = state_ == State::established && shutdown_ == kBoth;
    return ended(is_answer ? std::nullopt : std::optional(Error::connection_reset));
  }
  if (state_ == State::closing) {
    if (header.operation == VsockOperation::shutdown && (header.flags & kBoth) == kBoth) owe(Owed::reset);
    return;
  }
  if (!take_credit(header)) return break_off(Error::connection_reset);
  if (state_ == State::established) return input_established(header, payload);
  if (header.operation != VsockOperation::response) return break_off(Error::connection_reset);
  streams_.timers_.cancel(timer_);
  state_ = State::established;
  changed();
}

void Connection::input_established(const VsockHeader& header, Bytes payload) {
  switch (header.operation) {
    case VsockOperation::data:
      return take_data(payload);
    case VsockOperation::credit_request:
      return owe(Owed::credit_update);
    case VsockOperation::credit_update:
      return;
    case VsockOperation::shutdown:
      peer_shutdown_ = static_cast<std::uint8_t>(peer_shutdown_ | (header.flags & kBoth));
      if (peer_shutdown_ != kBoth) return changed();
      transmit(VsockOperation::reset);
      return ended(std::nullopt);
    default:
      return break_off(Error::connection_reset);
  }
}

void Connection::take_data(Bytes payload) {
  const bool is_allowed = payload.size() <= told_space() && (peer_shutdown_ & virtio::kVsockNoSend) == 0;
  if (!is_allowed) return break_off(Error::connection_reset);
  received_count_ += static_cast<std::uint32_t>(payload.size());
  if ((shutdown_ & virtio::kVsockNoReceive) != 0) {  // it did not know yet
    forwarded_ += static_cast<std::uint32_t>(payload.size());
    return;
  }
  if (received_.write(stored_, payload) != payload.size()) return break_off(Error::no_buffers);
  stored_ += payload.size();
  changed();
}

}  // namespace toro::vsock
