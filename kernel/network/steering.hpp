// How the stacks of one interface, each of which has one of its queues, share what comes. They have the address in
// common, and no socket: a packet for which the stack where it came has none goes through the others.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/network/error.hpp"
#include "kernel/network/object.hpp"
#include "kernel/network/siphash.hpp"

namespace toro::inet {

/// Which sockets of a stack may take a packet.
enum class Takes : std::uint8_t {
  connected,  ///< those that are connected to its sender
  listening,  ///< also those that are for everybody
  all,        ///< the same, and what none takes is answered
};

/// A stack's place among those of its interface. A packet is first where it came, for sockets that are connected to its
/// sender. For what has none there its owner is next, which depends on its flow alone, and then the others in turn: who
/// listens takes it, and each looks for connections as well.
struct Steering {
  std::size_t count = 1;
  std::size_t index = 0;
  SipKey key{};  ///< the same for all

  /// Of a packet's visits, the first of which is number 0.
  [[nodiscard]] Takes takes_at(std::size_t visit) const {
    if (count == 1 || visit == count) return Takes::all;
    return visit == 0 ? Takes::connected : Takes::listening;
  }
  /// Where visit number `visit` is, not the first one, when the one before was here.
  [[nodiscard]] std::size_t place_of(std::size_t visit, Endpoint local, Endpoint remote) const {
    return visit == 1 ? owner_of(local, remote) : (index + 1) % count;
  }
  [[nodiscard]] std::size_t owner_of(Endpoint local, Endpoint remote) const {
    return count == 1 ? 0 : hash_flow(key, local, remote) % count;
  }
  /// Whether a port that nobody asked for by number may be this stack's.
  [[nodiscard]] bool has_port(std::uint16_t port) const { return port % count == index; }
};

/// A packet on its way from one stack to another, in a block of the heap.
struct Steered {
  static constexpr std::uint8_t kTold = 0xff;  ///< as `visit`: every stack gets one, and sends it no further

  Links<Steered> links{};
  std::size_t size;
  std::uint16_t type;              ///< as an Ethernet header has it
  std::uint8_t visit = 0;          ///< that it makes there
  Integrity integrity{};           ///< of its payload
  std::uint16_t segment_size = 0;  ///< as Merged has it

  [[nodiscard]] std::byte* content() { return reinterpret_cast<std::byte*>(this + 1); }
};

}  // namespace toro::inet
