// A DHCP client.
#include "kernel/network/dhcp_client.hpp"

#include <algorithm>

#include "kernel/network/stack.hpp"

namespace toro::inet {
namespace {

constexpr std::uint64_t kFirstWait = 4 * kSecond;  // [RFC 2131 4.1]
constexpr std::uint64_t kLongestWait = 64 * kSecond;
constexpr std::uint64_t kWaitAfterRefusal = 10 * kSecond;
constexpr unsigned kMostRequests = 4;
constexpr std::uint64_t kShortestRenewalWait = 60 * kSecond;  // [RFC 2131 4.4.5]

std::uint64_t after(std::uint64_t now, std::uint32_t seconds) {
  return seconds == UINT32_MAX ? kNever : now + seconds * kSecond;
}

}  // namespace

DhcpClient::DhcpClient(Stack& stack) : stack_(stack) {}

void DhcpClient::start() {
  if (state_ != State::off) return;
  socket_.emplace(stack_.udp(), this);
  static_cast<void>(socket_->bind({kAnyAddress, kDhcpClientPort}));
  began_ = stack_.environment().now();
  select();
}

void DhcpClient::stop() {
  stack_.timers().cancel(timer_);
  socket_.reset();
  state_ = State::off;
}

void DhcpClient::select() {
  state_ = State::selecting;
  tries_ = 0;
  transaction_ = static_cast<std::uint32_t>(stack_.environment().random());
  ask(DhcpType::discover);
}

/// Without the address that it had, or was to have.
void DhcpClient::select_later() {
  stack_.configure({});
  state_ = State::selecting;
  tries_ = 0;
  transaction_ = static_cast<std::uint32_t>(stack_.environment().random());
  wait(stack_.environment().now() + kWaitAfterRefusal);
}

void DhcpClient::decline() {
  select_later();
  send({.type = DhcpType::decline,
        .transaction = transaction_,
        .mac = stack_.mac(),
        .requested = offer_.yours,
        .server = offer_.server},
       kBroadcastAddress);
}

void DhcpClient::wait(std::uint64_t deadline) {
  stack_.timers().arm(timer_, deadline);
}

/// Waits twice as long after each question, give or take a second. [RFC 2131 4.1]
void DhcpClient::retry() {
  const std::uint64_t wait_for = std::min(kFirstWait << std::min(tries_, 4U), kLongestWait);
  ++tries_;
  wait(stack_.environment().now() + wait_for - kSecond + stack_.environment().random() % (2 * kSecond));
}

void DhcpClient::ask(DhcpType type) {
  const std::uint64_t now = stack_.environment().now();
  DhcpQuestion question{
      .type = type,
      .transaction = transaction_,
      .seconds = static_cast<std::uint16_t>(std::min<std::uint64_t>((now - began_) / kSecond, UINT16_MAX)),
      .mac = stack_.mac()};
  Ipv4Address to = kBroadcastAddress;
  if (state_ == State::requesting) {
    question.requested = offer_.yours;
    question.server = offer_.server;
  }
  if (state_ == State::renewing || state_ == State::rebinding) question.client = stack_.address();
  if (state_ == State::renewing) to = offer_.server;
  send(question, to);
  if (state_ == State::selecting || state_ == State::requesting) retry();
}

void DhcpClient::send(const DhcpQuestion& question, Ipv4Address to) {
  std::array<std::byte, kDhcpQuestionSize> message;
  write_dhcp(question, message);
  static_cast<void>(socket_->send(Endpoint{to, kDhcpServerPort}, message));
}

void DhcpClient::expire() {
  const std::uint64_t now = stack_.environment().now();
  switch (state_) {
    case State::off:
      return;
    case State::selecting:
      return ask(DhcpType::discover);
    case State::requesting:
      return tries_ < kMostRequests ? ask(DhcpType::request) : select();
    case State::bound:
    case State::renewing:
    case State::rebinding:
      break;
  }
  if (now >= ends_at_) {
    stack_.configure({});
    return select();
  }
  if (state_ == State::bound) transaction_ = static_cast<std::uint32_t>(stack_.environment().random());
  state_ = now >= rebind_at_ ? State::rebinding : State::renewing;
  ask(DhcpType::request);
  // Half of what is left, but not less than a minute. [RFC 2131 4.4.5]
  const std::uint64_t next = state_ == State::renewing ? rebind_at_ : ends_at_;
  wait(std::min(next, now + std::max((next - now) / 2, kShortestRenewalWait)));
}

void DhcpClient::changed() {
  if (reads_) return;
  reads_ = true;
  std::array<std::byte, 1500> message;
  while (socket_) {
    const auto received = socket_->receive(message, UdpSocket::Take::away);
    if (!received && received.error() == Error::again) break;
    if (!received || received->from.port != kDhcpServerPort) continue;
    if (const auto reply = parse_dhcp(Bytes(message).first(std::min(received->size, message.size())))) input(*reply);
  }
  reads_ = false;
}

void DhcpClient::input(const DhcpReply& reply) {
  if (reply.transaction != transaction_ || reply.mac != stack_.mac()) return;
  if (state_ == State::selecting && reply.type == DhcpType::offer && !reply.yours.is_any()) {
    offer_ = reply;
    state_ = State::requesting;
    tries_ = 0;
    return ask(DhcpType::request);
  }
  const bool has_asked = state_ == State::requesting || state_ == State::renewing || state_ == State::rebinding;
  if (!has_asked) return;
  if (reply.type == DhcpType::nak) return select_later();
  if (reply.type == DhcpType::ack && !reply.yours.is_any() && reply.lease != 0) take_ack(reply);
}

void DhcpClient::take_ack(const DhcpReply& reply) {
  const std::uint64_t now = stack_.environment().now();
  const std::uint32_t lease = reply.lease;
  // T1 < T2 < the lease, whatever the server says. [RFC 2131 4.4.5]
  const std::uint32_t rebinding = reply.rebinding != 0 && reply.rebinding < lease ? reply.rebinding : lease - lease / 8;
  const std::uint32_t renewal = reply.renewal != 0 && reply.renewal < rebinding ? reply.renewal : lease / 2;
  ends_at_ = after(now, lease);
  rebind_at_ = lease == UINT32_MAX ? kNever : after(now, rebinding);
  renew_at_ = lease == UINT32_MAX ? kNever : after(now, renewal);
  const Ipv4Address server = reply.server.is_any() ? offer_.server : reply.server;
  offer_ = reply;
  offer_.server = server;
  state_ = State::bound;
  wait(renew_at_);
  stack_.configure({reply.yours, reply.prefix, reply.router, reply.name_servers}, Stack::Origin::dhcp);
}

}  // namespace toro::inet
