// One socket of the host, and the guest's port that it speaks with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernel/devices/virtio/vsock_protocol.hpp"
#include "sdk/cli/host/event_loop.hpp"
#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::bridge {

using virtio::VsockHeader;
using virtio::VsockOperation;

class Bridge;

using Key = std::pair<std::uint32_t, std::uint32_t>;  ///< the guest's port, the host's
using Payload = std::vector<std::span<const std::byte>>;

class Connection {
 public:
  static constexpr std::size_t kSpace = std::size_t{256} << 10;  ///< for what the socket has not taken

  enum class State { host_connects, guest_answers, open };

  Connection(Bridge& bridge, Key key, cli::FileDescriptor socket, State state);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] State state() const { return state_; }

  // What the guest does. They throw Violation.
  void take_credit(const VsockHeader& header);
  void take_data(const Payload& payload, std::size_t size);
  void take_shutdown(std::uint32_t flags);
  void take_answer();
  void take_credit_request() { owe(VsockOperation::credit_update); }
  /// The guest knows it no more. True: what it sent before it closed in peace still goes its way.
  [[nodiscard]] bool outlives_guest();

  /// The socket's other end learns that something went wrong.
  void break_off();
  /// Where the guest has a buffer, and it is this one's turn: sends one thing. False: the connection is over.
  [[nodiscard]] bool take_turn();

 private:
  void owe(VsockOperation operation);
  void want_turn();
  /// What the guest may still send, as far as it knows.
  [[nodiscard]] std::size_t told_space() const { return kSpace - (received_ - told_forwarded_); }
  [[nodiscard]] std::size_t credit() const;
  void transmit(VsockOperation operation, std::size_t payload);
  void watch_reading();
  void read();
  [[nodiscard]] std::size_t write(const Payload& payload);
  void watch_writing();
  void writable();
  void settle();

  Bridge& bridge_;
  const Key key_;
  cli::FileDescriptor socket_;
  State state_;
  cli::Registration reading_;
  cli::Registration writing_;
  std::uint32_t owed_ = 0;  ///< bits of VsockOperation
  bool wants_turn_ = false;
  bool may_read_ = false;
  bool has_ended_ = false;     ///< the socket's other end sends no more
  bool has_asked_ = false;     ///< for credit
  bool is_forgotten_ = false;  ///< by the guest
  std::uint32_t guest_shutdown_ = 0;
  std::string waiting_;  ///< for the socket
  // Counts of bytes, modulo 2^32.
  std::uint32_t received_ = 0;
  std::uint32_t forwarded_ = 0;  ///< of those, to the socket
  std::uint32_t told_forwarded_ = 0;
  std::uint32_t sent_ = 0;
  std::uint32_t guest_forwarded_ = 0;
  std::uint32_t guest_space_ = 0;
};

}  // namespace toro::bridge
