// UDP: sockets with bounded queues. [RFC 768, RFC 1122 4.1]
#pragma once

#include <optional>

#include "kernel/network/error.hpp"
#include "kernel/network/object.hpp"
#include "kernel/network/observer.hpp"
#include "kernel/network/packets.hpp"
#include "kernel/network/ports.hpp"
#include "kernel/network/steering.hpp"

namespace toro::inet {

class Stack;
class Udp;

/// Leaves its stack when it is destroyed.
class UdpSocket {
 public:
  static constexpr std::size_t kMostQueued = 212992;  ///< bytes, with what each datagram costs; later ones are lost
  static constexpr std::size_t kMostPayload = 65507;

  UdpSocket(Udp& udp, Observer* observer) : udp_(udp), observer_(observer) {}
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  ~UdpSocket();

  /// Port 0: any that is free. Error::address_in_use, Error::address_not_available, Error::invalid when it is bound.
  [[nodiscard]] Result<> bind(Endpoint local);
  /// Only datagrams of `remote` come from now on; those of no destination go there. Binds.
  [[nodiscard]] Result<> connect(Endpoint remote);
  void disconnect() { remote_ = {}; }
  /// Binds. The socket's own error comes first. Error::message_size, Error::no_destination.
  [[nodiscard]] Result<> send(std::optional<Endpoint> to, Bytes payload);

  struct Received {
    std::size_t size;  ///< of the datagram
    Endpoint from;
  };
  enum class Take : std::uint8_t { away, only_look };
  /// What does not fit into `to` is lost. Error::again when there is none.
  [[nodiscard]] Result<Received> receive(MutableBytes to, Take take);

  [[nodiscard]] bool is_readable() const { return !queue_.empty() || error_; }
  [[nodiscard]] std::size_t next_size() const { return queue_.empty() ? 0 : queue_.first()->size; }
  [[nodiscard]] Endpoint local() const { return local_; }
  [[nodiscard]] std::optional<Endpoint> remote() const {
    return is_connected() ? std::optional(remote_) : std::nullopt;
  }
  [[nodiscard]] bool is_connected() const { return remote_.port != 0; }
  /// What went wrong since somebody asked.
  [[nodiscard]] std::optional<Error> take_error() { return std::exchange(error_, std::nullopt); }
  void set_reuse(Reuse reuse) { reuse_ = reuse; }
  void allow_broadcast(bool allowed) { may_broadcast_ = allowed; }
  [[nodiscard]] bool may_broadcast() const { return may_broadcast_; }

 private:
  friend class Udp;
  friend struct SocketTable;
  struct Datagram {
    Links<Datagram> links;
    Endpoint from;
    std::size_t size;
    [[nodiscard]] std::byte* content() { return reinterpret_cast<std::byte*>(this + 1); }
  };

  void queue(const UdpDatagram& datagram);

  Udp& udp_;
  Observer* observer_;
  Links<UdpSocket> links_;
  Endpoint local_;   ///< port 0: not bound
  Endpoint remote_;  ///< port 0: not connected
  std::optional<Error> error_;
  List<Datagram, &Datagram::links> queue_;
  std::size_t queued_ = 0;
  Reuse reuse_ = Reuse::no;
  bool may_broadcast_ = false;
};

class Udp {
 public:
  explicit Udp(Stack& stack) : stack_(stack) {}

  /// False where it is for none of those that `takes` names.
  [[nodiscard]] bool input(const UdpDatagram& datagram, Takes takes);
  void unreachable(Endpoint local, Endpoint remote, Unreachable code);
  /// Whether a socket, other than `self`, may be bound to `local`.
  [[nodiscard]] bool is_free(Endpoint local, Reuse reuse, const UdpSocket* self = nullptr) const;

 private:
  friend class UdpSocket;
  friend struct SocketTable;
  [[nodiscard]] std::uint16_t free_port(const UdpSocket& socket, Ipv4Address address) const;

  Stack& stack_;
  List<UdpSocket, &UdpSocket::links_> sockets_;
};

}  // namespace toro::inet
