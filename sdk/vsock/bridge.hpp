// Connections between the guest's vsock ports and the host's sockets. Neither end is trusted; what one end does not
// take is not taken from the other. [virtio 1.2 §5.10.6]
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sdk/cli/host/socket.hpp"
#include "sdk/vsock/connection.hpp"
#include "sdk/vsock/ring.hpp"

namespace toro::bridge {

using cli::EventLoop;
using cli::FileDescriptor;
using cli::Registration;

/// A port of the host, on 127.0.0.1, that leads to one of the guest's.
struct Entrance {
  FileDescriptor listener;
  std::uint32_t guest_port;
};

/// What a port that the guest connects to leads to: a unix socket, or a TCP port on 127.0.0.1.
struct Target {
  std::string path;  ///< empty: the TCP port
  std::uint16_t port = 0;
};

inline constexpr std::uint32_t kGuestCid = virtio::kFirstGuestCid;

class Bridge {
 public:
  static constexpr std::size_t kMostConnections = 16384;

  Bridge(EventLoop& loop, std::vector<Entrance> entrances, std::map<std::uint32_t, Target> targets);
  ~Bridge();

  // The queues; they are the device's, which says when they may be used.
  Ring to_guest;
  Ring from_guest;
  GuestMemory memory;

  /// The guest has said something, or has more room. Throws Violation.
  void serve_queues();
  /// The queues are about to stop: the guest's buffers are its own again.
  void pause();
  /// The guest's driver begins anew: all connections are broken off.
  void reset();

  // For connections:
  [[nodiscard]] EventLoop& loop() { return loop_; }
  void give_turn(Key key) { turns_.push_back(key); }
  /// Gives turns as long as the guest has buffers, and tells it.
  void pump();
  /// Where a payload of `size` bytes at most goes in the guest's next buffer; how many parts that are. In a turn.
  [[nodiscard]] std::size_t payload_parts(std::span<iovec> parts, std::size_t size) const;
  /// What lies there goes. Once in a turn.
  void send(const VsockHeader& header, std::size_t payload);

 private:
  void open_entrances();
  void accept(Entrance& entrance);
  void take_from_guest();
  void input(const VsockHeader& header, const Payload& payload, std::size_t size);
  void connect(const VsockHeader& header);
  [[nodiscard]] Connection& add(Key key, FileDescriptor socket, Connection::State state);
  [[nodiscard]] bool has_buffer();
  void refuse(const VsockHeader& header);

  EventLoop& loop_;
  std::vector<Entrance> entrances_;
  std::vector<Registration> entering_;  ///< empty while the guest's driver is not there
  std::map<std::uint32_t, Target> targets_;
  std::map<Key, std::unique_ptr<Connection>> connections_;
  std::deque<Key> turns_;            ///< who has something to send
  std::deque<VsockHeader> refused_;  ///< answers to what belongs to no connection
  std::optional<Chain> buffer_;      ///< the guest's next
  std::uint32_t next_port_ = 1024;
};

}  // namespace toro::bridge
