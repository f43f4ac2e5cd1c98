// Which connection a packet belongs to, and who takes new ones in.
#include "kernel/network/vsock/streams.hpp"

#include <algorithm>

namespace toro::vsock {

using State = Connection::State;

Port::Port(Streams& streams, std::uint32_t number, inet::Observer* observer)
    : streams_(streams), number_(number), observer_(observer) {
  streams_.ports_.push(*this);
}

Port::~Port() {
  while (Connection* const connection = ready_.first()) {
    remove(*connection);
    connection->abort();
  }
  streams_.ports_.remove(*this);
}

Result<Connection*> Port::accept() {
  Connection* const connection = ready_.first();
  if (connection == nullptr) return inet::failure(Error::again);
  remove(*connection);
  return connection;
}

void Port::remove(Connection& connection) {
  ready_.remove(connection);
  connection.port_ = nullptr;
  --ready_count_;
}

Streams::~Streams() {
  for (Table& connections : table_)
    while (Connection* const connection = connections.first()) dispose(*connection);
}

Streams::Table& Streams::bucket(std::uint32_t local_port, Address remote) {
  return table_[(local_port * 31 + remote.port) % kBuckets];
}

Connection* Streams::find(std::uint32_t local_port, Address remote) {
  Connection* connection = bucket(local_port, remote).first();
  while (connection != nullptr && (connection->local_port_ != local_port || connection->remote_ != remote))
    connection = Table::next(*connection);
  return connection;
}

Port* Streams::find_port(std::uint32_t number) {
  Port* port = ports_.first();
  while (port != nullptr && port->number_ != number) port = ports_.next(*port);
  return port;
}

Result<Connection*> Streams::make(State state, Address remote, std::uint32_t local_port, inet::Observer* observer) {
  if (!promises_.take(Connection::kFirstSpace)) return inet::failure(Error::no_buffers);
  auto* const connection = inet::make<Connection>(*this, state, remote, local_port, observer);
  if (connection != nullptr) return connection;
  promises_.give(Connection::kFirstSpace);
  return inet::failure(Error::no_buffers);
}

void Streams::dispose(Connection& connection) {
  inet::dispose(&connection);
}

Result<Port*> Streams::bind(std::uint32_t number, inet::Observer* observer) {
  if (number == kAnyPort) {
    if (!std::exchange(has_chosen_port_, true)) next_port_ += static_cast<std::uint32_t>(link_.random() >> 33);
    do {
      number = next_port_++;
      if (next_port_ == kAnyPort) next_port_ = kFirstPort;
    } while (find_port(number) != nullptr);
  }
  if (find_port(number) != nullptr) return inet::failure(Error::address_in_use);
  auto* const port = inet::make<Port>(*this, number, observer);
  if (port == nullptr) return inet::failure(Error::no_buffers);
  return port;
}

Result<Connection*> Streams::connect(std::uint32_t local_port, Address remote, inet::Observer* observer,
                                     std::uint64_t timeout) {
  if (remote.cid != virtio::kVsockHostCid) return inet::failure(Error::network_unreachable);
  if (find(local_port, remote) != nullptr) return inet::failure(Error::address_in_use);
  const auto made = make(State::connecting, remote, local_port, observer);
  if (!made) return made;
  Connection& connection = **made;
  timers_.arm(connection.timer_, timeout > UINT64_MAX - link_.now() ? inet::kNever : link_.now() + timeout);
  connection.owe(Connection::Owed::request);
  return &connection;
}

void Streams::input(const VsockHeader& header, Bytes payload) {
  // What is not for this machine, or from another one than the host, has no business here.
  if (header.destination_cid != link_.cid() || header.source_cid != virtio::kVsockHostCid) return;
  const Address remote{static_cast<std::uint32_t>(header.source_cid), header.source_port};
  Connection* const connection =
      header.type == virtio::VsockType::stream ? find(header.destination_port, remote) : nullptr;
  if (connection != nullptr) return connection->input(header, payload);
  if (header.type == virtio::VsockType::stream && header.operation == VsockOperation::request && take_in(header))
    return;
  if (header.operation != VsockOperation::reset) refuse(header);
}

bool Streams::take_in(const VsockHeader& header) {
  Port* const port = find_port(header.destination_port);
  if (port == nullptr || port->ready_count_ >= port->backlog_) return false;
  const Address remote{static_cast<std::uint32_t>(header.source_cid), header.source_port};
  const auto made = make(State::established, remote, header.destination_port, nullptr);
  if (!made) return false;
  Connection& connection = **made;
  if (!connection.take_credit(header)) {
    dispose(connection);
    return false;
  }
  connection.owe(Connection::Owed::response);
  connection.port_ = port;
  port->ready_.push(connection);
  ++port->ready_count_;
  if (port->observer_ != nullptr) port->observer_->changed();
  return true;
}

void Streams::refuse(const VsockHeader& header) {
  if (link_.room() == 0) return;
  link_.transmit({.source_cid = header.destination_cid,
                  .destination_cid = header.source_cid,
                  .source_port = header.destination_port,
                  .destination_port = header.source_port,
                  .type = header.type,
                  .operation = VsockOperation::reset},
                 {});
}

void Streams::pump() {
  while (Connection* const connection = owing_.first()) {
    const bool is_only_waiting = connection->owed_ == 1U << std::to_underlying(Connection::Owed::room);
    if (link_.room() <= (is_only_waiting ? kReserved : 0)) return;
    connection->pay();
  }
}

void Streams::reset() {
  for (Table& connections : table_)
    while (Connection* const connection = connections.first()) connection->ended(Error::connection_reset);
}

}  // namespace toro::vsock
