// An echo request to another machine, and its reply. [RFC 792]
#pragma once

#include <optional>

#include "kernel/network/error.hpp"
#include "kernel/network/object.hpp"
#include "kernel/network/packets.hpp"

namespace toro::inet {

class Stack;

/// Leaves its stack when it is destroyed.
class Ping {
 public:
  static constexpr std::size_t kMostPayload = 65507;

  explicit Ping(Stack& stack);
  Ping(const Ping&) = delete;
  Ping& operator=(const Ping&) = delete;
  ~Ping();

  /// With `size` bytes of payload. Error::message_size, Error::network_unreachable, Error::no_buffers.
  [[nodiscard]] Result<> send(Ipv4Address to, std::size_t size);
  /// Nanoseconds from request to reply.
  [[nodiscard]] std::optional<std::uint64_t> round_trip() const { return round_trip_; }

  /// For the stack.
  void take(const IcmpMessage& reply);

 private:
  friend class Stack;
  Stack& stack_;
  Links<Ping> links_;
  std::uint32_t number_;  ///< identifier and sequence, which nobody can guess
  std::size_t size_ = 0;
  std::uint64_t sent_at_ = 0;
  std::optional<std::uint64_t> round_trip_;
};

}  // namespace toro::inet
