// A stream between this machine and its host, and the credit by which neither side sends what the other has no room
// for. [virtio 1.2 §5.10.6]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "kernel/devices/virtio/vsock_protocol.hpp"
#include "kernel/network/byte_window.hpp"
#include "kernel/network/environment.hpp"
#include "kernel/network/error.hpp"
#include "kernel/network/object.hpp"
#include "kernel/network/observer.hpp"
#include "kernel/network/timers.hpp"

namespace toro::vsock {

using inet::Bytes;
using inet::Error;
using inet::MutableBytes;
using inet::Result;
using virtio::VsockHeader;
using virtio::VsockOperation;

/// [vsock(7)]
struct Address {
  std::uint32_t cid = 0;
  std::uint32_t port = 0;
  friend bool operator==(const Address&, const Address&) = default;
};
inline constexpr std::uint32_t kAnyCid = UINT32_MAX, kAnyPort = UINT32_MAX;

/// What streams are given by whoever runs them: the kernel, or a test.
class Link {
 public:
  /// This machine's context id.
  [[nodiscard]] virtual std::uint32_t cid() = 0;
  /// Nanoseconds; never goes back.
  [[nodiscard]] virtual std::uint64_t now() = 0;
  [[nodiscard]] virtual std::uint64_t random() = 0;
  /// How many packets can be transmitted now. Where Streams::wants_room(), pump() is due when there are more.
  [[nodiscard]] virtual std::size_t room() = 0;
  /// Only where there is room. Nothing of `payload` is used any more when this returns.
  virtual void transmit(const VsockHeader& header, Bytes payload) = 0;

 protected:
  ~Link() = default;
};

class Streams;
class Port;

/// One end of a connection: its user's until close() or abort(), and then gone.
class Connection {
 public:
  static constexpr std::size_t kFirstSpace = std::size_t{16} << 10;  ///< bytes that the other side may send unasked
  static constexpr std::size_t kMostSpace = std::size_t{256} << 10;

  enum class State : std::uint8_t {
    connecting,
    established,
    closing,  ///< nobody uses it: until the other side has answered
    closed,   ///< the other side knows it no more
  };
  enum class Take : std::uint8_t { away, only_look };

  Connection(Streams& streams, State state, Address remote, std::uint32_t local_port, inet::Observer* observer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void set_observer(inet::Observer* observer) { observer_ = observer; }

  /// How many bytes went: at least one, or Error::again, Error::broken_pipe, Error::not_connected, or what ended the
  /// connection, once.
  [[nodiscard]] Result<std::size_t> send(Bytes bytes);
  /// 0: the other side sends no more. Error::again, Error::not_connected, or what ended the connection, once.
  [[nodiscard]] Result<std::size_t> receive(MutableBytes to, Take take);
  void shutdown_sending() { shut_down(virtio::kVsockNoSend); }
  /// What has come stays readable.
  void shutdown_receiving() { shut_down(virtio::kVsockNoReceive); }
  /// The other side still gets what was sent. The connection is the caller's no more.
  void close();
  /// The other side learns that something went wrong. The connection is the caller's no more.
  void abort();

  [[nodiscard]] std::optional<Error> take_error() { return std::exchange(error_, std::nullopt); }
  [[nodiscard]] bool has_error() const { return error_.has_value(); }
  [[nodiscard]] bool is_connecting() const { return state_ == State::connecting; }
  [[nodiscard]] bool is_established() const { return state_ == State::established; }
  [[nodiscard]] bool has_ended_receiving() const;
  [[nodiscard]] bool has_ended_sending() const;
  [[nodiscard]] bool is_readable() const { return stored_ != 0 || has_ended_receiving() || has_error(); }
  /// Where it is not, the observer is told when it is.
  [[nodiscard]] bool is_writable();
  [[nodiscard]] std::size_t readable_bytes() const { return stored_; }
  [[nodiscard]] Address remote() const { return remote_; }
  [[nodiscard]] std::uint32_t local_port() const { return local_port_; }

 private:
  friend class Streams;
  friend class Port;
  friend struct inet::SocketTable;

  /// Packets that wait for room; and Owed::room, an observer that does.
  enum class Owed : std::uint8_t { reset, response, request, credit_update, credit_request, shutdown, room };
  [[nodiscard]] bool owes(Owed what) const { return (owed_ >> std::to_underlying(what) & 1U) != 0; }
  void owe(Owed what);
  void paid(Owed what);
  void owe_nothing();

  void input(const VsockHeader& header, Bytes payload);
  void input_established(const VsockHeader& header, Bytes payload);
  [[nodiscard]] bool take_credit(const VsockHeader& header);
  void take_data(Bytes payload);
  void transmit(VsockOperation operation, Bytes payload = {});
  void pay();
  [[nodiscard]] bool may_transmit();
  void shut_down(std::uint32_t flags);
  /// What the other side may still send, as far as it knows.
  [[nodiscard]] std::size_t told_space() const { return told_space_ - (received_count_ - told_forwarded_); }
  void offer_space();
  [[nodiscard]] std::size_t credit() const;
  void break_off(Error error);
  void ended(std::optional<Error> error);
  void leave();
  void changed() {
    if (observer_ != nullptr) observer_->changed();
  }

  Streams& streams_;
  State state_;
  const Address remote_;
  const std::uint32_t local_port_;
  inet::Observer* observer_;
  inet::Links<Connection> in_table_;
  inet::Links<Connection> in_owing_;
  inet::Links<Connection> in_port_;  ///< that nobody has accepted it at yet
  Port* port_ = nullptr;             ///< that one
  inet::Timer timer_;                ///< of State::connecting and State::closing
  std::optional<Error> error_;
  std::uint8_t owed_ = 0;
  std::uint8_t shutdown_ = 0;       ///< this side's flags
  std::uint8_t peer_shutdown_ = 0;  ///< the other's
  bool asked_for_credit_ = false;

  inet::ByteWindow received_;
  std::size_t stored_ = 0;
  std::size_t space_ = kFirstSpace;  ///< that the other side is promised; of Streams' memory
  // Counts of bytes, modulo 2^32. [virtio 1.2 §5.10.6.3]
  std::uint32_t received_count_ = 0;
  std::uint32_t forwarded_ = 0;  ///< of those received
  std::uint32_t told_forwarded_ = 0;
  std::uint32_t told_space_ = 0;
  std::uint32_t sent_ = 0;
  std::uint32_t peer_forwarded_ = 0;  ///< of those sent
  std::uint32_t peer_space_ = 0;
};

}  // namespace toro::vsock
