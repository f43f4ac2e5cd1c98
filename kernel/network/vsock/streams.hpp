// The streams of a socket device: which connection a packet belongs to, and the ports that take new ones in. Knows no
// kernel, no global and no thread. [virtio 1.2 §5.10.6]
#pragma once

#include <array>

#include "kernel/network/vsock/connection.hpp"

namespace toro::vsock {

/// A port that a socket is bound to, and where it may take connections in. Leaves its streams when it is destroyed;
/// connections that nobody accepted are reset.
class Port {
 public:
  Port(Streams& streams, std::uint32_t number, inet::Observer* observer);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  void listen(std::size_t backlog) { backlog_ = backlog; }
  [[nodiscard]] bool is_listening() const { return backlog_ != 0; }
  /// Error::again when there is none. The connection is the caller's until its close() or abort().
  [[nodiscard]] Result<Connection*> accept();
  [[nodiscard]] bool is_readable() const { return !ready_.empty(); }
  [[nodiscard]] std::uint32_t number() const { return number_; }

 private:
  friend class Streams;
  friend class Connection;
  friend struct inet::SocketTable;

  void remove(Connection& connection);

  Streams& streams_;
  const std::uint32_t number_;
  inet::Observer* observer_;
  inet::Links<Port> links_;
  std::size_t backlog_ = 0;
  std::size_t ready_count_ = 0;
  inet::List<Connection, &Connection::in_port_> ready_;
};

/// All of one device. Not safe against itself: one caller at a time.
class Streams {
 public:
  static constexpr std::uint64_t kCloseTimeout = 10 * inet::kSecond;
  static constexpr std::size_t kMostPayload = 16384 - sizeof(VsockHeader);  ///< of one packet

  /// `memory`: what the other side may have stored here, in all connections together, in bytes.
  Streams(Link& link, std::size_t memory) : link_(link), promises_(memory), next_port_(kFirstPort) {}
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// A packet that has come. Only where the link has room for one.
  void input(const VsockHeader& header, Bytes payload);
  /// Sends what waited for room, and tells who waits for it. After each use.
  void pump();
  /// Something waits for room at the link.
  [[nodiscard]] bool wants_room() const { return !owing_.empty(); }
  /// kNever when there is none.
  [[nodiscard]] std::uint64_t next_deadline() const { return timers_.next(); }
  void run_timers() { timers_.run(link_.now()); }
  /// The other side has forgotten all connections: they end by Error::connection_reset.
  void reset();

  /// `number` may be kAnyPort. Error::address_in_use, Error::no_buffers. Whoever has it disposes of it.
  [[nodiscard]] Result<Port*> bind(std::uint32_t number, inet::Observer* observer);
  /// Begins a connection from `local_port`, which the caller has bound; it fails by Error::timed_out after `timeout`
  /// nanoseconds. Error::network_unreachable, Error::address_in_use, Error::no_buffers.
  [[nodiscard]] Result<Connection*> connect(std::uint32_t local_port, Address remote, inet::Observer* observer,
                                            std::uint64_t timeout);
  /// A connection that nobody uses any more has not delivered all yet.
  [[nodiscard]] bool still_delivers() const { return closing_count_ != 0; }
  [[nodiscard]] std::size_t connection_count() const { return count_; }
  [[nodiscard]] std::size_t memory_left() const { return promises_.left(); }
  [[nodiscard]] std::uint32_t cid() { return link_.cid(); }

 private:
  friend class Connection;
  friend class Port;
  friend struct inet::SocketTable;

  static constexpr std::size_t kBuckets = 256;
  static constexpr std::uint32_t kFirstPort = 1024;
  static constexpr std::size_t kReserved = 2;  ///< packets of the link's room that are not for data

  using Table = inet::List<Connection, &Connection::in_table_>;
  [[nodiscard]] Table& bucket(std::uint32_t local_port, Address remote);
  [[nodiscard]] Connection* find(std::uint32_t local_port, Address remote);
  [[nodiscard]] Port* find_port(std::uint32_t number);
  [[nodiscard]] Result<Connection*> make(Connection::State state, Address remote, std::uint32_t local_port,
                                         inet::Observer* observer);
  [[nodiscard]] bool take_in(const VsockHeader& header);
  void refuse(const VsockHeader& header);
  void dispose(Connection& connection);

  Link& link_;
  inet::MemoryBudget promises_;
  inet::MemoryBudget chunks_{SIZE_MAX};  ///< promises keep them in bounds
  inet::TimerQueue timers_;
  std::uint32_t next_port_;
  bool has_chosen_port_ = false;
  std::size_t count_ = 0;
  std::size_t closing_count_ = 0;
  std::array<Table, kBuckets> table_;
  inet::List<Connection, &Connection::in_owing_> owing_;
  inet::List<Port, &Port::links_> ports_;
};

}  // namespace toro::vsock
