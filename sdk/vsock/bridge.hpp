// Connections between the guest's vsock ports and the host's sockets. Neither end is trusted; what one end does not
// take is not taken from the other. [virtio 1.2 §5.10.6]
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/devices/virtio/vsock_protocol.hpp"
#include "sdk/cli/host/event_loop.hpp"
#include "sdk/cli/host/socket.hpp"
#include "sdk/vsock/ring.hpp"

namespace toro::bridge {

using cli::EventLoop;
using cli::FileDescriptor;
using cli::Registration;
using virtio::VsockHeader;
using virtio::VsockOperation;

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
  static constexpr std::size_t kSpace = std::size_t{256} << 10;  ///< of a connection, for what the host has not taken
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

 private:
  class Connection;
  using Key = std::pair<std::uint32_t, std::uint32_t>;  ///< the guest's port, the host's

  void accept(Entrance& entrance);
  void take_from_guest();
  void input(const VsockHeader& header, std::vector<std::span<const std::byte>>& payload, std::size_t size);
  void connect(const VsockHeader& header);
  void add(Key key, FileDescriptor socket, bool is_from_guest, const VsockHeader* request);
  void remove(Key key);
  /// Sends what waited, and lets those read that may.
  void pump();
  [[nodiscard]] bool has_room();
  [[nodiscard]] std::size_t room() const;
  void send(VsockHeader header, std::size_t payload);
  void refuse(const VsockHeader& header);

  EventLoop& loop_;
  std::vector<Entrance> entrances_;
  std::vector<Registration> entering_;
  std::map<std::uint32_t, Target> targets_;
  std::map<Key, std::unique_ptr<Connection>> connections_;
  std::deque<Key> owing_;            ///< who has something to send
  std::deque<VsockHeader> refused_;  ///< answers to what belongs to no connection
  std::optional<Chain> spare_;       ///< the guest's next buffer
  std::uint32_t next_port_ = 1024;
};

}  // namespace toro::bridge
