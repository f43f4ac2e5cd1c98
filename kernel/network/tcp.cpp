// TCP of a stack: which connection a segment belongs to, and those that listen.
#include "kernel/network/tcp.hpp"

#include <algorithm>

#include "kernel/network/checksum.hpp"
#include "kernel/network/ports.hpp"
#include "kernel/network/stack.hpp"

namespace toro::inet {
namespace {

SipKey random_key(Environment& environment) {
  const std::uint64_t low = environment.random();
  return {low, environment.random()};
}

}  // namespace

TcpListener::~TcpListener() {
  if (local_.port != 0) tcp_.listeners_.remove(*this);
  for (auto* queue : {&half_open_, &ready_})
    while (TcpConnection* const connection = queue->first()) connection->abort();
}

Result<> TcpListener::listen(Endpoint local, std::size_t backlog, Reuse reuse) {
  constexpr std::size_t kMostBacklog = 4096;
  backlog_ = std::clamp(backlog, std::size_t{1}, kMostBacklog);
  if (local_.port != 0) return {};
  if (!local.address.is_any() && !tcp_.stack_.is_own(local.address)) return failure(Error::address_not_available);
  if (local.port == 0) local.port = tcp_.free_port(local.address);
  if (local.port == 0 || !tcp_.is_free(local, reuse)) return failure(Error::address_in_use);
  local_ = local;
  reuse_ = reuse;
  tcp_.listeners_.push(*this);
  return {};
}

Result<TcpConnection*> TcpListener::accept() {
  TcpConnection* const connection = ready_.pop();
  if (connection == nullptr) return failure(Error::again);
  --ready_count_;
  connection->listener_ = nullptr;
  return connection;
}

void TcpListener::begin(TcpConnection& connection) {
  connection.listener_ = this;
  half_open_.push(connection);
  ++half_open_count_;
}

void TcpListener::became_ready(TcpConnection& connection) {
  half_open_.remove(connection);
  --half_open_count_;
  ready_.push(connection);
  ++ready_count_;
  if (observer_ != nullptr) observer_->changed();
}

void TcpListener::lost(TcpConnection& connection) {
  const bool was_half_open = connection.state() == TcpState::syn_received;
  (was_half_open ? half_open_ : ready_).remove(connection);
  --(was_half_open ? half_open_count_ : ready_count_);
}

Tcp::Tcp(Stack& stack)
    : stack_(stack),
      table_key_(random_key(stack.environment())),
      sequence_key_(random_key(stack.environment())),
      cookies_(random_key(stack.environment())) {}

template <class F>
void Tcp::for_each(F f) {
  for (auto& bucket : buckets_)
    for (TcpConnection* connection = bucket.first(); connection != nullptr;) {
      TcpConnection* const next = bucket.next(*connection);
      f(*connection);
      connection = next;
    }
}

Tcp::~Tcp() {
  for_each([](TcpConnection& connection) {
    connection.has_user_ = false;
    connection.end(std::nullopt);
  });
  reap();
}

std::size_t Tcp::bucket_of(Endpoint local, Endpoint remote) const {
  return hash_flow(table_key_, local, remote) % kBuckets;
}

TcpConnection* Tcp::find(Endpoint local, Endpoint remote) const {
  const auto& bucket = buckets_[bucket_of(local, remote)];
  for (TcpConnection* connection = bucket.first(); connection != nullptr; connection = bucket.next(*connection))
    if (connection->local_ == local && connection->remote_ == remote) return connection;
  return nullptr;
}

TcpListener* Tcp::find_listener(Endpoint local, Endpoint remote) const {
  TcpListener* found = nullptr;
  std::size_t count = 0;  // that share its place
  for (TcpListener* listener = listeners_.first(); listener != nullptr; listener = listeners_.next(*listener)) {
    if (listener->local_.port != local.port) continue;
    if (listener->local_.address != local.address && !listener->local_.address.is_any()) continue;
    if (found != nullptr && listener->local_ == found->local_) {
      ++count;
    } else if (found == nullptr || found->local_.address.is_any()) {
      found = listener;
      count = 1;
    }
  }
  if (count < 2) return found;
  std::size_t before = hash_flow(table_key_, local, remote) % count;
  TcpListener* chosen = found;
  while (before > 0) {
    chosen = listeners_.next(*chosen);
    if (chosen->local_ == found->local_) --before;
  }
  return chosen;
}

void Tcp::reap() {
  while (TcpConnection* const connection = buried_.pop()) dispose(connection);
}

TcpConnection* Tcp::add(Endpoint local, Endpoint remote) {
  if (count_ == kMostConnections) return nullptr;
  auto* const connection = make<TcpConnection>(*this, local, remote);
  if (connection == nullptr) return nullptr;
  buckets_[bucket_of(local, remote)].push(*connection);
  ++count_;
  return connection;
}

void Tcp::remove(TcpConnection& connection) {
  buckets_[bucket_of(connection.local_, connection.remote_)].remove(connection);
  --count_;
}

void Tcp::bury(TcpConnection& connection) {
  buried_.push(connection);
}

void Tcp::entered_time_wait(TcpConnection& connection) {
  if (time_wait_count_ == kMostTimeWait) time_wait_.first()->end(std::nullopt);
  time_wait_.push(connection);
  ++time_wait_count_;
}

/// A clock of 4 µs, and a hash that tells nobody else's. [RFC 6528 3]
Tcp::Beginning Tcp::beginning_of(Endpoint local, Endpoint remote) const {
  const std::uint64_t hashed = hash_flow(sequence_key_, local, remote);
  return {.sequence = {static_cast<std::uint32_t>(stack_.environment().now() / (4 * kMicrosecond) + hashed)},
          .timestamp_offset = static_cast<std::uint32_t>(hashed >> 32)};
}

bool Tcp::input(const TcpSegment& segment, Takes takes) {
  reap();
  if (segment.source.port == 0 || segment.destination.port == 0) return true;
  const bool begins = segment.has(TcpHeader::kSyn) && !segment.has(TcpHeader::kAck) && !segment.has(TcpHeader::kRst);
  if (TcpConnection* const connection = find(segment.destination, segment.source)) {
    if (!begins || !connection->may_be_replaced_by(segment)) {
      connection->input(segment);
      return true;
    }
    connection->end(std::nullopt);
  }
  if (takes == Takes::connected) return false;
  TcpListener* const listener = find_listener(segment.destination, segment.source);
  if (listener != nullptr && segment.has(TcpHeader::kAck) && take_cookie(*listener, segment)) return true;
  if (listener == nullptr || segment.has(TcpHeader::kAck)) {
    if (takes == Takes::listening) return false;
    refuse(segment);
  } else if (begins) {
    answer_syn(*listener, segment);
  }
  return true;
}

void Tcp::answer_syn(TcpListener& listener, const TcpSegment& syn) {
  if (listener.ready_count_ > listener.backlog_) return;  // it will ask again
  if (listener.is_crowded()) {
    TcpConnection passing(*this, syn.destination, syn.source);
    return passing.answer_by_cookie(syn, cookies_.make(syn, stack_.environment().now()));
  }
  TcpConnection* const connection = add(syn.destination, syn.source);
  if (connection != nullptr) connection->accept(syn, listener);
}

bool Tcp::take_cookie(TcpListener& listener, const TcpSegment& ack) {
  if (ack.has(TcpHeader::kSyn) || ack.has(TcpHeader::kRst)) return false;
  const auto syn = cookies_.check(ack, stack_.environment().now());
  if (!syn) return false;
  if (listener.ready_count_ > listener.backlog_) return true;  // it will say it again
  TcpConnection* const connection = add(ack.destination, ack.source);
  if (connection == nullptr) return true;
  connection->accept_cookie(*syn, ack.acknowledgment - 1, listener);
  connection->input(ack);
  return true;
}

void Tcp::refuse(const TcpSegment& segment) {
  if (segment.has(TcpHeader::kRst)) return;
  const bool is_ack = segment.has(TcpHeader::kAck);
  const TcpHeader header{
      .source = segment.destination.port,
      .destination = segment.source.port,
      .sequence = is_ack ? segment.acknowledgment.value : std::uint32_t{0},
      .acknowledgment = is_ack ? std::uint32_t{0} : segment.end().value,
      .flags = static_cast<std::uint8_t>(TcpHeader::kRst | (is_ack ? std::uint8_t{0} : TcpHeader::kAck))};
  store(stack_.room().data(), header);
  Checksum sum;
  sum.add_pseudo_header(segment.destination.address, segment.source.address, Protocol::tcp, sizeof header);
  sum.add(bytes_of(header));
  header_of<TcpHeader>(stack_.room())->checksum = sum.value();
  static_cast<void>(stack_.send_built(
      {.protocol = Protocol::tcp, .source = segment.destination.address, .destination = segment.source.address},
      sizeof header));
}

Result<TcpConnection*> Tcp::connect(Endpoint local, Endpoint remote, Observer* observer) {
  reap();
  if (remote.port == 0 || remote.address.is_any()) return failure(Error::connection_refused);
  if (remote.address.is_multicast() || remote.address.is_limited_broadcast())
    return failure(Error::network_unreachable);
  const auto source = stack_.source_for(remote.address);
  if (!source) return failure(source.error());
  if (local.address.is_any()) local.address = *source;
  if (local.port == 0)
    local.port = find_dynamic_port(stack_.environment().random(), [&](std::uint16_t port) {
      const Endpoint from{local.address, port};
      return stack_.steering().owner_of(from, remote) == stack_.steering().index && find(from, remote) == nullptr &&
             find_listener(from, remote) == nullptr;
    });
  if (local.port == 0 || find(local, remote) != nullptr || local == remote) return failure(Error::address_in_use);
  TcpConnection* const connection = add(local, remote);
  if (connection == nullptr) return failure(Error::no_buffers);
  connection->set_observer(observer);
  connection->connect();
  return connection;
}

bool Tcp::is_free(Endpoint local, Reuse reuse) const {
  const auto meets = [&](Endpoint other) {
    return other.port == local.port &&
           (other.address == local.address || other.address.is_any() || local.address.is_any());
  };
  for (const TcpListener* listener = listeners_.first(); listener != nullptr; listener = listeners_.next(*listener))
    if (meets(listener->local_) && !(reuse == Reuse::port && listener->reuse_ == Reuse::port)) return false;
  if (reuse != Reuse::no) return true;
  for (const auto& bucket : buckets_)
    for (const TcpConnection* connection = bucket.first(); connection != nullptr; connection = bucket.next(*connection))
      if (meets(connection->local_)) return false;
  return true;
}

std::uint16_t Tcp::free_port(Ipv4Address address) {
  return find_dynamic_port(stack_.environment().random(), [&](std::uint16_t port) {
    return stack_.steering().has_port(port) && is_free({address, port}, Reuse::no);
  });
}

bool Tcp::is_in_flight(Endpoint local, Endpoint remote, Sequence sequence) const {
  const TcpConnection* const connection = find(local, remote);
  return connection != nullptr && connection->is_in_flight(sequence);
}

bool Tcp::still_delivers() const {
  for (const auto& bucket : buckets_)
    for (const TcpConnection* connection = bucket.first(); connection != nullptr; connection = bucket.next(*connection))
      if (connection->still_delivers()) return true;
  return false;
}

void Tcp::path_mtu_changed(Endpoint local, Endpoint remote) {
  if (TcpConnection* const connection = find(local, remote)) connection->path_mtu_changed();
}

void Tcp::unreachable(Endpoint local, Endpoint remote, Unreachable code) {
  if (TcpConnection* const connection = find(local, remote)) connection->unreachable(code);
}

void Tcp::neighbour_is_silent(Ipv4Address address) {
  for_each([&](TcpConnection& connection) {
    const Ipv4Address remote = connection.remote_.address;
    const bool by_gateway = !stack_.configuration().is_neighbour(remote) && !stack_.is_own(remote);
    if (address.is_any() ? by_gateway : remote == address) connection.unreachable(Unreachable::host);
  });
}

void Tcp::address_changed() {
  for_each([&](TcpConnection& connection) {
    if (!stack_.is_own(connection.local_.address)) connection.fail(Error::connection_aborted);
  });
}

}  // namespace toro::inet
