// UDP.
#include "kernel/network/udp.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernel/network/checksum.hpp"
#include "kernel/network/ports.hpp"
#include "kernel/network/stack.hpp"

namespace toro::inet {

UdpSocket::~UdpSocket() {
  if (local_.port != 0) udp_.sockets_.remove(*this);
  while (Datagram* const datagram = queue_.pop()) heap::free(datagram);
}

bool Udp::is_free(Endpoint local, Reuse reuse, const UdpSocket* self) const {
  for (const UdpSocket* other = sockets_.first(); other != nullptr; other = sockets_.next(*other)) {
    if (other == self || other->local_.port != local.port) continue;
    const bool meet =
        other->local_.address == local.address || other->local_.address.is_any() || local.address.is_any();
    if (meet && (other->reuse_ == Reuse::no || reuse == Reuse::no)) return false;
  }
  return true;
}

std::uint16_t Udp::free_port(const UdpSocket& socket, Ipv4Address address) const {
  return find_dynamic_port(stack_.environment().random(), [&](std::uint16_t port) {
    return stack_.steering().has_port(port) && is_free({address, port}, socket.reuse_, &socket);
  });
}

Result<> UdpSocket::bind(Endpoint local) {
  if (local_.port != 0) return failure(Error::invalid);
  if (!local.address.is_any() && !local.address.is_limited_broadcast() && !udp_.stack_.is_own(local.address))
    return failure(Error::address_not_available);
  if (local.port == 0) local.port = udp_.free_port(*this, local.address);
  if (local.port == 0 || !udp_.is_free(local, reuse_, this)) return failure(Error::address_in_use);
  local_ = local;
  udp_.sockets_.push(*this);
  return {};
}

Result<> UdpSocket::connect(Endpoint remote) {
  if (remote.port == 0) return failure(Error::invalid);
  if (const auto source = udp_.stack_.source_for(remote.address); !source) return failure(source.error());
  if (local_.port == 0)
    if (const auto bound = bind({}); !bound) return bound;
  remote_ = remote;
  return {};
}

Result<> UdpSocket::send(std::optional<Endpoint> to, Bytes payload) {
  if (error_) return failure(*take_error());
  if (!to) to = remote();
  if (!to || to->port == 0) return failure(Error::no_destination);
  if (payload.size() > kMostPayload) return failure(Error::message_size);
  Stack& stack = udp_.stack_;
  auto source = stack.source_for(to->address);
  if (!source) return failure(source.error());
  if (local_.port == 0)
    if (const auto bound = bind({}); !bound) return bound;
  if (!local_.address.is_any() && !local_.address.is_limited_broadcast()) source = local_.address;
  const std::size_t size = sizeof(UdpHeader) + payload.size();
  UdpHeader header{.source = local_.port, .destination = to->port, .length = static_cast<std::uint16_t>(size)};
  Checksum sum;
  sum.add_pseudo_header(*source, to->address, Protocol::udp, size);
  PacketOptions options{.protocol = Protocol::udp, .source = *source, .destination = to->address};
  const bool fits = sizeof(Ipv4Header) + size <= stack.mtu_to(to->address);
  if (fits && stack.may_leave_checksum(to->address)) {
    const Packet::Part rest{payload, nullptr};
    header.checksum = static_cast<std::uint16_t>(~sum.value());
    std::memcpy(stack.room().data(), &header, sizeof header);
    options.rest = std::span(&rest, payload.empty() ? 0 : 1);
    options.unfinished.checksum_offset = offsetof(UdpHeader, checksum);
    return stack.send_built(options, sizeof header);
  }
  sum.add(bytes_of(header));
  sum.add(payload);
  header.checksum = sum.value() == 0 ? std::uint16_t{UINT16_MAX} : sum.value();
  if (fits) {
    std::memcpy(stack.room().data(), &header, sizeof header);
    std::ranges::copy(payload, stack.room().begin() + sizeof header);
    return stack.send_built(options, size);
  }
  auto* const memory = static_cast<std::byte*>(heap::allocate(size));
  if (memory == nullptr) return failure(Error::no_buffers);
  std::memcpy(memory, &header, sizeof header);
  std::ranges::copy(payload, memory + sizeof header);
  const auto sent = stack.send(options, {memory, size});
  heap::free(memory);
  return sent;
}

void UdpSocket::queue(const UdpDatagram& datagram) {
  const std::size_t cost = sizeof(Datagram) + datagram.payload.size();
  if (queued_ + cost > kMostQueued) return;
  void* const memory = heap::allocate(cost);
  if (memory == nullptr) return;
  auto* const kept = new (memory) Datagram{.links = {}, .from = datagram.source, .size = datagram.payload.size()};
  std::ranges::copy(datagram.payload, kept->content());
  queue_.push(*kept);
  queued_ += cost;
  if (observer_ != nullptr) observer_->changed();
}

Result<UdpSocket::Received> UdpSocket::receive(MutableBytes to, Take take) {
  if (error_) return failure(*take_error());
  Datagram* const datagram = queue_.first();
  if (datagram == nullptr) return failure(Error::again);
  const Received received{datagram->size, datagram->from};
  std::copy_n(datagram->content(), std::min(to.size(), datagram->size), to.begin());
  if (take == Take::away) {
    queue_.remove(*datagram);
    queued_ -= sizeof(Datagram) + datagram->size;
    heap::free(datagram);
  }
  return received;
}

/// The socket that fits best: one connected to the sender, one of the address, one of any. A broadcast is for all.
bool Udp::input(const UdpDatagram& datagram, Takes takes) {
  UdpSocket* best = nullptr;
  unsigned best_fit = 0;
  const bool is_for_all = !stack_.is_own(datagram.destination.address);
  for (UdpSocket* socket = sockets_.first(); socket != nullptr; socket = sockets_.next(*socket)) {
    if (socket->local_.port != datagram.destination.port) continue;
    if (!socket->local_.address.is_any() && socket->local_.address != datagram.destination.address) continue;
    if (socket->is_connected() ? socket->remote_ != datagram.source : takes == Takes::connected) continue;
    if (is_for_all) socket->queue(datagram);
    const unsigned fit = 1 + (socket->is_connected() ? 2U : 0U) + (socket->local_.address.is_any() ? 0U : 1U);
    if (fit > best_fit) {
      best = socket;
      best_fit = fit;
    }
  }
  if (best != nullptr && !is_for_all) best->queue(datagram);
  return best != nullptr;
}

/// Only a connected socket can know which of its datagrams is meant. [RFC 1122 4.1.3.3]
void Udp::unreachable(Endpoint local, Endpoint remote, Unreachable code) {
  for (UdpSocket* socket = sockets_.first(); socket != nullptr; socket = sockets_.next(*socket)) {
    if (socket->local_.port != local.port || socket->remote_ != remote) continue;
    socket->error_ = code == Unreachable::port ? Error::connection_refused : Error::host_unreachable;
    if (socket->observer_ != nullptr) socket->observer_->changed();
  }
}

}  // namespace toro::inet
