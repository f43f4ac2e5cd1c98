// ARP: which Ethernet address a neighbour has, and the packets that wait until that is known. [RFC 826, RFC 1122 2.3.2]
#pragma once

#include <array>

#include "kernel/network/environment.hpp"
#include "kernel/network/object.hpp"
#include "kernel/network/packet.hpp"
#include "kernel/network/timers.hpp"

namespace toro::inet {

/// Sends for the neighbours of one interface.
class NeighbourLink {
 public:
  virtual void send_arp(const MacAddress& destination, const ArpPacket& packet) = 0;
  /// An IPv4 packet in a frame to `destination`.
  virtual void send_to_neighbour(const MacAddress& destination, const Packet& packet) = 0;
  /// No answer came from `address`: what waited for it is lost.
  virtual void neighbour_is_silent(Ipv4Address address) = 0;
  [[nodiscard]] virtual MacAddress mac() const = 0;
  [[nodiscard]] virtual Ipv4Address address() const = 0;

 protected:
  ~NeighbourLink() = default;
};

class Neighbours {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kMostWaiting = 8;  ///< packets for one neighbour: the oldest goes first
  static constexpr std::uint64_t kReachable = 60 * kSecond;
  static constexpr std::uint64_t kRetry = kSecond;  ///< [RFC 1122 2.3.2.1]
  static constexpr unsigned kTries = 3;

  Neighbours(Environment& environment, TimerQueue& timers, NeighbourLink& link);
  ~Neighbours() { forget_all(); }
  Neighbours(const Neighbours&) = delete;
  Neighbours& operator=(const Neighbours&) = delete;

  /// Sends `packet` to the neighbour, or keeps a copy until its address is known.
  void send(Ipv4Address neighbour, const Packet& packet);
  void input(const ArpPacket& packet);
  /// Tells who asks for the interface's address.
  void answer(const ArpPacket& packet);
  void forget_all();

  /// How many are known, or asked for.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Waiting {
    Links<Waiting> links;
    std::size_t head_size;
    std::size_t size;
    Unfinished unfinished;
    [[nodiscard]] std::byte* content() { return reinterpret_cast<std::byte*>(this + 1); }
  };
  struct Entry {
    enum class State : std::uint8_t { free, asked, reachable, stale, probed };
    Neighbours* owner = nullptr;
    State state = State::free;
    unsigned tries = 0;
    Ipv4Address address;
    MacAddress mac;
    std::uint64_t used = 0;  ///< when a packet was last sent to it
    List<Waiting, &Waiting::links> waiting;
    std::size_t waiting_count = 0;
    Timer timer{this, [](void* entry) { static_cast<Entry*>(entry)->owner->expire(*static_cast<Entry*>(entry)); }};
  };

  [[nodiscard]] bool asks_for_us(const ArpPacket& packet) const;
  [[nodiscard]] Entry* find(Ipv4Address address);
  [[nodiscard]] Entry& take(Ipv4Address address);
  void forget(Entry& entry);
  void learn(Entry& entry, const MacAddress& mac);
  void ask(Entry& entry);
  void expire(Entry& entry);
  static void keep(Entry& entry, const Packet& packet);
  void send_kept(const MacAddress& mac, Waiting& kept);

  Environment& environment_;
  TimerQueue& timers_;
  NeighbourLink& link_;
  std::array<Entry, kMost> entries_;
};

}  // namespace toro::inet
