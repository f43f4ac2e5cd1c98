// `sockets`: what listens, what is bound, and every connection, of all interfaces and of the socket device.
#include <iterator>

#include "kernel/network/interface.hpp"
#include "kernel/network/vsock/device.hpp"
#include "kernel/posix/descriptors.hpp"
#include "kernel/posix/socket.hpp"
#include "kernel/posix/vsock_socket.hpp"
#include "kernel/tables/table.hpp"

// Weak, for this file is in every image with the stub: what these lie in comes with sockets, a socket device,
// descriptors.
namespace toro::inet {
// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern std::array<Interface*, kMostInterfaces> all_interfaces;
}  // namespace toro::inet

namespace toro::vsock {
// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern Device* the_device;
}  // namespace toro::vsock

namespace toro::posix {
// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern DescriptorChunk* descriptor_chunks[kMostDescriptors / DescriptorChunk::kSlots];
}  // namespace toro::posix

namespace toro::inet {

using tables::at;
using tables::Column;
using tables::Format;
using tables::Holders;
using tables::Place;
using tables::Rows;
using tables::Shape;
using Words = tables::List<const char*>;

namespace {

/// What the kinds of sockets put into the columns, which are the same for all.
struct Cells {
  Words protocol{};
  Place state{};
  Words states{};
  Format address = Format::ipv4;
  Place local_address{};
  Place local_port{};
  Place remote_address{};
  Place remote_port{};
  Place interface{};
  Words no_interface{};
  Place core{};
  Place observer{};  ///< the socket, as a part of it
  const Holders* descriptors = nullptr;
  Place received{};
  Place receive_window{};
  Place receive_window_from{};
  Place queued{};
  Place send_window{};
  Place in_flight{};
  Place in_flight_from{};
  Place retransmissions{};
  Place half_open{};
  Place waiting{};
  Place backlog{};
};

constexpr auto columns_of(const Cells& cells) {
  return std::to_array<Column>({
      {.name = "protocol", .format = Format::constant, .words = cells.protocol},
      {.name = "state",
       .format = cells.state.steps == 0 ? Format::constant : Format::word,
       .value = cells.state,
       .words = cells.states},
      {.name = "local address", .format = cells.address, .value = cells.local_address},
      {.name = "local port", .value = cells.local_port},
      {.name = "remote address", .format = cells.address, .value = cells.remote_address},
      {.name = "remote port", .value = cells.remote_port},
      {.name = "interface", .format = Format::text, .value = cells.interface, .words = cells.no_interface},
      {.name = "core", .value = cells.core},
      {.name = "descriptor", .format = Format::holder, .value = cells.observer, .holders = cells.descriptors},
      {.name = "receive queue", .value = cells.received},
      {.name = "receive window", .value = cells.receive_window, .minus = cells.receive_window_from},
      {.name = "send queue", .value = cells.queued},
      {.name = "send window", .value = cells.send_window},
      {.name = "in flight", .value = cells.in_flight, .minus = cells.in_flight_from},
      {.name = "retransmissions", .value = cells.retransmissions},
      {.name = "half open", .value = cells.half_open},
      {.name = "waiting", .value = cells.waiting},
      {.name = "backlog", .value = cells.backlog},
      {.name = "object", .format = Format::address, .value = at(0, 8)},
  });
}

constexpr Place address_at(std::size_t endpoint) {
  return at(endpoint + offsetof(Endpoint, address), sizeof(Ipv4Address));
}
constexpr Place port_at(std::size_t endpoint) {
  return at(endpoint + offsetof(Endpoint, port), sizeof(Endpoint::port));
}

/// Sockets in a list: where the pointer to the first lies, and in each the one to the next.
constexpr Rows listed(const Rows& within, std::size_t first, std::size_t next, Place only_where = {}) {
  return {.shape = Shape::linked,
          .stride = static_cast<std::uint32_t>(next),
          .within = &within,
          .first = at(first, 8),
          .only_where = only_where};
}

constexpr const char* kTcpName[] = {"TCP"};
constexpr const char* kUdpName[] = {"UDP"};
constexpr const char* kVsockName[] = {"vsock"};
constexpr const char* kListen[] = {"LISTEN"};
// By number. [RFC 9293 3.3.2]
constexpr const char* kTcpStates[] = {"CLOSED",     "SYN-SENT",   "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
                                      "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",      "LAST-ACK",    "TIME-WAIT"};
static_assert(std::size(kTcpStates) == static_cast<std::size_t>(TcpState::time_wait) + 1);
constexpr const char* kVsockStates[] = {"CONNECTING", "ESTABLISHED", "CLOSING", "CLOSED"};
constexpr const char* kLoopback[] = {"lo"};

constexpr Holders descriptors_of(std::size_t bytes) {
  return {.rows = {.shape = Shape::chunks,
                   .stride = sizeof(posix::DescriptorSlot),
                   .base = posix::descriptor_chunks,
                   .count = posix::kMostDescriptors,
                   .per_chunk = posix::DescriptorChunk::kSlots},
          .pointer = offsetof(posix::DescriptorSlot, stream),
          .bytes = static_cast<std::uint32_t>(bytes)};
}
constexpr Holders kDescriptors = descriptors_of(sizeof(posix::Socket));
constexpr Holders kVsockDescriptors = descriptors_of(sizeof(posix::VsockSocket));

}  // namespace

struct SocketTable {
  static constexpr Rows kInterfaces{
      .shape = Shape::pointers, .stride = 8, .base = &all_interfaces, .count = kMostInterfaces};
  /// A string that begins with its characters.
  static constexpr Place kName =
      of_outermost(tables::behind(offsetof(Interface, device_), offsetof(network::Device, name_), 8));
  static constexpr Place kCore = of_outermost(at(offsetof(Interface, core_), 4));
  static constexpr std::size_t kTcp = offsetof(Interface, stack_) + offsetof(Stack, tcp_);
  static constexpr std::size_t kUdp = offsetof(Interface, stack_) + offsetof(Stack, udp_);
  using Bucket = List<TcpConnection, &TcpConnection::in_bucket_>;
  static constexpr std::size_t kFirst = offsetof(Bucket, first_);

  static constexpr Rows kListeners = listed(kInterfaces, kTcp + offsetof(Tcp, listeners_) + kFirst,
                                            offsetof(TcpListener, links_) + offsetof(Links<TcpListener>, next));
  static constexpr std::size_t kListenerLocal = offsetof(TcpListener, local_);
  static constexpr auto kListenerColumns = columns_of({
      .protocol = kTcpName,
      .states = kListen,
      .local_address = address_at(kListenerLocal),
      .local_port = port_at(kListenerLocal),
      .interface = kName,
      .no_interface = kLoopback,
      .core = kCore,
      .observer = at(offsetof(TcpListener, observer_), 8),
      .descriptors = &kDescriptors,
      .half_open = at(offsetof(TcpListener, half_open_count_), 8),
      .waiting = at(offsetof(TcpListener, ready_count_), 8),
      .backlog = at(offsetof(TcpListener, backlog_), 8),
  });

  static constexpr Rows kUdpSockets = listed(kInterfaces, kUdp + offsetof(Udp, sockets_) + kFirst,
                                             offsetof(UdpSocket, links_) + offsetof(Links<UdpSocket>, next));
  static constexpr std::size_t kUdpLocal = offsetof(UdpSocket, local_), kUdpRemote = offsetof(UdpSocket, remote_);
  static constexpr auto kUdpColumns = columns_of({
      .protocol = kUdpName,
      .local_address = address_at(kUdpLocal),
      .local_port = port_at(kUdpLocal),
      .remote_address = address_at(kUdpRemote),
      .remote_port = port_at(kUdpRemote),
      .interface = kName,
      .no_interface = kLoopback,
      .core = kCore,
      .observer = at(offsetof(UdpSocket, observer_), 8),
      .descriptors = &kDescriptors,
      .received = at(offsetof(UdpSocket, queued_), 8),
  });

  static constexpr Rows kBuckets{.stride = sizeof(Bucket),
                                 .within = &kInterfaces,
                                 .first = at(kTcp + offsetof(Tcp, buckets_), 8),
                                 .count = Tcp::kBuckets};
  static constexpr Rows kConnections =
      listed(kBuckets, kFirst, offsetof(TcpConnection, in_bucket_) + offsetof(Links<TcpConnection>, next));
  static constexpr std::size_t kLocal = offsetof(TcpConnection, local_), kRemote = offsetof(TcpConnection, remote_);
  static constexpr auto kConnectionColumns = columns_of({
      .protocol = kTcpName,
      .state = at(offsetof(TcpConnection, state_), 1),
      .states = kTcpStates,
      .local_address = address_at(kLocal),
      .local_port = port_at(kLocal),
      .remote_address = address_at(kRemote),
      .remote_port = port_at(kRemote),
      .interface = kName,
      .no_interface = kLoopback,
      .core = kCore,
      .observer = at(offsetof(TcpConnection, observer_), 8),
      .descriptors = &kDescriptors,
      .received = at(offsetof(TcpConnection, readable_), 8),
      .receive_window = at(offsetof(TcpConnection, rcv_adv_), 4),
      .receive_window_from = at(offsetof(TcpConnection, rcv_nxt_), 4),
      .queued = at(offsetof(TcpConnection, queued_), 8),
      .send_window = at(offsetof(TcpConnection, snd_wnd_), 4),
      .in_flight = at(offsetof(TcpConnection, snd_nxt_), 4),
      .in_flight_from = at(offsetof(TcpConnection, snd_una_), 4),
      .retransmissions = at(offsetof(TcpConnection, retransmissions_), 8),
  });

  using Streams = vsock::Streams;
  static_assert(std::size(kVsockStates) == static_cast<std::size_t>(vsock::Connection::State::closed) + 1);
  static constexpr Rows kDevice{.shape = Shape::pointers, .stride = 8, .base = &vsock::the_device};
  static constexpr std::size_t kStreams = offsetof(vsock::Device, streams_);
  static constexpr Place kCid = of_outermost(at(offsetof(vsock::Device, device_) + offsetof(virtio::Vsock, cid_), 4));
  static constexpr Place kDeviceCore = of_outermost(at(offsetof(vsock::Device, core_), 4));

  static constexpr Rows kPorts = listed(kDevice, kStreams + offsetof(Streams, ports_) + kFirst,
                                        offsetof(vsock::Port, links_) + offsetof(Links<vsock::Port>, next),
                                        at(offsetof(vsock::Port, backlog_), 8));
  static constexpr auto kPortColumns = columns_of({
      .protocol = kVsockName,
      .states = kListen,
      .address = Format::decimal,
      .local_address = kCid,
      .local_port = at(offsetof(vsock::Port, number_), 4),
      .core = kDeviceCore,
      .observer = at(offsetof(vsock::Port, observer_), 8),
      .descriptors = &kVsockDescriptors,
      .waiting = at(offsetof(vsock::Port, ready_count_), 8),
      .backlog = at(offsetof(vsock::Port, backlog_), 8),
  });

  static constexpr Rows kVsockBuckets{.stride = sizeof(Streams::Table),
                                      .within = &kDevice,
                                      .first = at(kStreams + offsetof(Streams, table_), 8),
                                      .count = Streams::kBuckets};
  static constexpr Rows kVsockConnections =
      listed(kVsockBuckets, kFirst, offsetof(vsock::Connection, in_table_) + offsetof(Links<vsock::Connection>, next));
  static constexpr std::size_t kVsockRemote = offsetof(vsock::Connection, remote_);
  static constexpr auto kVsockColumns = columns_of({
      .protocol = kVsockName,
      .state = at(offsetof(vsock::Connection, state_), 1),
      .states = kVsockStates,
      .address = Format::decimal,
      .local_address = kCid,
      .local_port = at(offsetof(vsock::Connection, local_port_), 4),
      .remote_address = at(kVsockRemote + offsetof(vsock::Address, cid), 4),
      .remote_port = at(kVsockRemote + offsetof(vsock::Address, port), 4),
      .core = kDeviceCore,
      .observer = at(offsetof(vsock::Connection, observer_), 8),
      .descriptors = &kVsockDescriptors,
      .received = at(offsetof(vsock::Connection, stored_), 8),
      .receive_window = at(offsetof(vsock::Connection, space_), 8),
      .send_window = at(offsetof(vsock::Connection, peer_space_), 4),
      .in_flight = at(offsetof(vsock::Connection, sent_), 4),
      .in_flight_from = at(offsetof(vsock::Connection, peer_forwarded_), 4),
  });
};

}  // namespace toro::inet

namespace toro::tables {
namespace {

using inet::SocketTable;

constexpr Table kVsockConnections{.rows = SocketTable::kVsockConnections, .columns = SocketTable::kVsockColumns};
constexpr Table kTcpConnections{
    .rows = SocketTable::kConnections, .columns = SocketTable::kConnectionColumns, .more = &kVsockConnections};
constexpr Table kUdpSockets{
    .rows = SocketTable::kUdpSockets, .columns = SocketTable::kUdpColumns, .more = &kTcpConnections};
constexpr Table kVsockListeners{
    .rows = SocketTable::kPorts, .columns = SocketTable::kPortColumns, .more = &kUdpSockets};

}  // namespace

/// Registered by kernel/posix/socket.cpp, so that images without sockets have nothing of it. What is few comes first:
/// of more sockets than a table has rows, the last connections are left out.
extern const Table sockets_table;
constexpr Table sockets_table{
    .name = "sockets",
    .title = "Sockets",
    .about = "What listens, what is bound, and every connection; queues and windows in bytes",
    .rows = SocketTable::kListeners,
    .columns = SocketTable::kListenerColumns,
    .more = &kVsockListeners,
};

}  // namespace toro::tables
