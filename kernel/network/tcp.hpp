// TCP of a stack: which connection a segment belongs to, and those that listen.
#pragma once

#include <array>

#include "kernel/network/ports.hpp"
#include "kernel/network/siphash.hpp"
#include "kernel/network/steering.hpp"
#include "kernel/network/tcp_connection.hpp"
#include "kernel/network/tcp_cookies.hpp"

namespace toro::inet {

class Stack;

/// Takes connections in at a port. Leaves its stack when it is destroyed; connections that nobody accepted are reset.
class TcpListener {
 public:
  TcpListener(Tcp& tcp, Observer* observer) : tcp_(tcp), observer_(observer) {}
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;
  ~TcpListener();

  /// Error::address_in_use, Error::address_not_available.
  [[nodiscard]] Result<> listen(Endpoint local, std::size_t backlog, Reuse reuse = Reuse::address);
  /// Error::again when there is none. The connection is the caller's until its close() or abort().
  [[nodiscard]] Result<TcpConnection*> accept();
  [[nodiscard]] bool is_readable() const { return !ready_.empty(); }
  [[nodiscard]] Endpoint local() const { return local_; }

 private:
  friend class Tcp;
  friend class TcpConnection;
  friend struct SocketTable;

  void begin(TcpConnection& connection);
  /// What begins from now on has to keep a cookie.
  [[nodiscard]] bool is_crowded() const { return half_open_count_ >= 2 * backlog_; }
  void became_ready(TcpConnection& connection);
  void lost(TcpConnection& connection);

  Tcp& tcp_;
  Observer* observer_;
  Links<TcpListener> links_;
  Endpoint local_;
  Reuse reuse_ = Reuse::address;
  std::size_t backlog_ = 0;
  List<TcpConnection, &TcpConnection::in_queue_> half_open_;
  List<TcpConnection, &TcpConnection::in_queue_> ready_;
  std::size_t half_open_count_ = 0;
  std::size_t ready_count_ = 0;
};

class Tcp {
 public:
  static constexpr std::size_t kBuckets = 1024;
  static constexpr std::size_t kMostConnections = 65536;
  static constexpr std::size_t kMostTimeWait = 4096;
  /// Of what is kept each way for all connections, at most.
  static constexpr std::size_t kMemory = std::size_t{48} << 20;

  /// Of connections that are made from then on.
  struct Settings {
    std::size_t send_capacity = std::size_t{256} << 10;
    std::size_t receive_capacity = std::size_t{256} << 10;
    CongestionAlgorithm congestion = CongestionAlgorithm::cubic;
    bool timestamps = true;
    bool sack = true;
    bool window_scaling = true;
  };

  explicit Tcp(Stack& stack);
  ~Tcp();
  Tcp(const Tcp&) = delete;
  Tcp& operator=(const Tcp&) = delete;

  /// False where it is for none of those that `takes` names.
  [[nodiscard]] bool input(const TcpSegment& segment, Takes takes);

  /// Begins a connection; `local` may leave address and port open. Error::address_in_use, Error::network_unreachable,
  /// Error::no_buffers.
  [[nodiscard]] Result<TcpConnection*> connect(Endpoint local, Endpoint remote, Observer* observer);

  /// Whether a socket may be bound to `local`.
  [[nodiscard]] bool is_free(Endpoint local, Reuse reuse) const;
  [[nodiscard]] std::uint16_t free_port(Ipv4Address address);

  [[nodiscard]] bool is_in_flight(Endpoint local, Endpoint remote, Sequence sequence) const;
  void path_mtu_changed(Endpoint local, Endpoint remote);
  void unreachable(Endpoint local, Endpoint remote, Unreachable code);
  /// `address` is any for the gateway: of all that are not neighbours.
  void neighbour_is_silent(Ipv4Address address);
  /// Ends the connections of another address than the stack has now.
  void address_changed();

  /// Whether a connection without a user has something left to deliver.
  [[nodiscard]] bool still_delivers() const;

  [[nodiscard]] std::size_t connections() const { return count_; }
  /// Both ways.
  [[nodiscard]] std::size_t memory_left() const { return to_send_.left() + received_.left(); }
  /// To so much each way, before there is a connection.
  void limit_memory(std::size_t size) { to_send_ = received_ = MemoryBudget(size); }
  [[nodiscard]] Settings& settings() { return settings_; }
  [[nodiscard]] Stack& stack() { return stack_; }

 private:
  friend class TcpConnection;
  friend class TcpListener;
  friend struct SocketTable;

  [[nodiscard]] std::size_t bucket_of(Endpoint local, Endpoint remote) const;
  [[nodiscard]] TcpConnection* find(Endpoint local, Endpoint remote) const;
  [[nodiscard]] TcpListener* find_listener(Endpoint local, Endpoint remote) const;
  [[nodiscard]] TcpConnection* add(Endpoint local, Endpoint remote);
  void answer_syn(TcpListener& listener, const TcpSegment& syn);
  /// Whether an ACK was one of a cookie, and is done with.
  [[nodiscard]] bool take_cookie(TcpListener& listener, const TcpSegment& ack);
  /// Answers a segment that no connection has. [RFC 9293 3.5.2]
  void refuse(const TcpSegment& segment);
  /// What others cannot guess of a connection. [RFC 6528 3, RFC 7323 5.4]
  struct Beginning {
    Sequence sequence;
    std::uint32_t timestamp_offset;
  };
  [[nodiscard]] Beginning beginning_of(Endpoint local, Endpoint remote) const;
  void entered_time_wait(TcpConnection& connection);
  /// Nobody finds it any more.
  void remove(TcpConnection& connection);
  /// Nobody uses it any more: freed by reap(), for it may be at work.
  void bury(TcpConnection& connection);
  void reap();
  template <class F>
  void for_each(F f);

  Stack& stack_;
  Settings settings_;
  // One each way: what is to be sent and nobody takes would keep out what is received, and the other way round.
  MemoryBudget to_send_{kMemory};
  MemoryBudget received_{kMemory};
  SipKey table_key_;
  SipKey sequence_key_;
  SynCookies cookies_;
  std::array<List<TcpConnection, &TcpConnection::in_bucket_>, kBuckets> buckets_;
  List<TcpListener, &TcpListener::links_> listeners_;
  List<TcpConnection, &TcpConnection::in_queue_> time_wait_;
  List<TcpConnection, &TcpConnection::in_queue_> buried_;
  std::size_t count_ = 0;
  std::size_t time_wait_count_ = 0;
};

}  // namespace toro::inet
