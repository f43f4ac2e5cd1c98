// A TCP/IP stack for one Ethernet interface. It knows no kernel: a clock, random numbers and where frames go are given
// to it.
#pragma once

#include <array>
#include <optional>

#include "kernel/network/configuration.hpp"
#include "kernel/network/conflict_detection.hpp"
#include "kernel/network/dhcp_client.hpp"
#include "kernel/network/environment.hpp"
#include "kernel/network/error.hpp"
#include "kernel/network/neighbours.hpp"
#include "kernel/network/packet.hpp"
#include "kernel/network/path_mtu.hpp"
#include "kernel/network/ping.hpp"
#include "kernel/network/reassembly.hpp"
#include "kernel/network/steering.hpp"
#include "kernel/network/tcp.hpp"
#include "kernel/network/timers.hpp"
#include "kernel/network/udp.hpp"

namespace toro::inet {

/// A packet to be sent, but its payload.
struct PacketOptions {
  Protocol protocol{};
  Ipv4Address source{};
  Ipv4Address destination{};
  enum class Fragments : std::uint8_t { allowed, forbidden } fragments = Fragments::allowed;
  std::uint8_t time_to_live = 64;
  std::span<const Packet::Part> rest{};  ///< of the payload, behind what is built
  Unfinished unfinished{};
};

/// One call at a time. Nothing waits. After calls of a socket, pump() delivers what was sent to this machine itself.
class Stack final : NeighbourLink {
 public:
  static constexpr std::size_t kMostMtu = 1500;

  struct Counters {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(Drop::count_)> dropped{};
  };

  Stack(Environment& environment, const MacAddress& mac, std::size_t mtu);
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  /// The stack is not alone from now on. Nothing was received or sent yet.
  void set_steering(const Steering& steering);
  [[nodiscard]] const Steering& steering() const { return steering_; }
  /// What the device does to frames in the stack's place, from now on. Nothing was sent yet.
  void set_offloads(const network::Offloads& offloads) { offloads_ = offloads; }

  /// A received frame, without its check sequence; `payload` says whether the device saw to TCP's and UDP's checksums.
  /// Of one that is `merged` the first part holds the headers.
  void input(Bytes frame, Integrity payload = Integrity::unknown, const Merged& merged = {});
  /// What another stack of the interface handed over. Frees it.
  void input(Steered& packet);
  /// Fires the timers that are due.
  void run_timers();
  /// When run_timers() is to be called: nanoseconds, or kNever.
  [[nodiscard]] std::uint64_t next_deadline() const { return loopback_.empty() ? timers_.next() : 0; }
  /// Delivers packets that were sent to this machine itself.
  void pump() {
    if (!loopback_.empty()) deliver_looped();
  }

  using Origin = ConflictDetection::Origin;
  /// Takes an address from now on, and tells the neighbours. Connections of another address are reset.
  void configure(const Configuration& configuration, Origin origin = Origin::static_configuration);
  [[nodiscard]] const Configuration& configuration() const { return configuration_; }
  [[nodiscard]] bool is_configured() const { return !configuration_.address.is_any(); }
  /// Asks for a configuration, and keeps it renewed.
  void start_dhcp() { dhcp_.start(); }
  [[nodiscard]] const DhcpClient& dhcp() const { return dhcp_; }
  /// Told when the configuration changes, when a connection without a user has delivered all, and of a reply to a ping;
  /// may be null.
  void set_observer(Observer* observer) { observer_ = observer; }
  void notify() {
    if (observer_ != nullptr) observer_->changed();
  }

  [[nodiscard]] Udp& udp() { return udp_; }
  [[nodiscard]] Tcp& tcp() { return tcp_; }
  [[nodiscard]] List<Ping, &Ping::links_>& pings() { return pings_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

  // For the transports.
  [[nodiscard]] Environment& environment() { return environment_; }
  [[nodiscard]] TimerQueue& timers() { return timers_; }
  /// From which address packets to `destination` go. Error::network_unreachable.
  [[nodiscard]] Result<Ipv4Address> source_for(Ipv4Address destination) const;
  [[nodiscard]] bool is_own(Ipv4Address address) const {
    return address.is_loopback() || (is_configured() && address == configuration_.address);
  }
  /// The longest packet, header and all, that goes to `destination` in one piece.
  [[nodiscard]] std::size_t mtu_to(Ipv4Address destination);
  /// Whether a packet to `destination`, which is no fragment, may go with its checksum unfinished. A broadcast may not:
  /// servers of DHCP read raw frames, and would see it so where they are on the same host.
  [[nodiscard]] bool may_leave_checksum(Ipv4Address destination) const {
    return (offloads_.transmit_checksum && !destination.is_limited_broadcast()) || is_own(destination);
  }
  /// Whether TCP segments to `destination` may be left in one piece.
  [[nodiscard]] bool may_leave_segmentation(Ipv4Address destination) const {
    return offloads_.segmentation_v4 && !is_own(destination);
  }
  /// Where a payload of at most mtu() - 20 bytes is built, for send_built().
  [[nodiscard]] MutableBytes room() { return packet().subspan(sizeof(Ipv4Header)); }
  /// Where the parts that follow it are listed.
  [[nodiscard]] std::span<Packet::Part> room_for_parts() { return parts_; }
  [[nodiscard]] Result<> send_built(const PacketOptions& options, std::size_t size);
  /// In fragments where it must be. `payload` is not in room().
  [[nodiscard]] Result<> send(const PacketOptions& options, Bytes payload);

  [[nodiscard]] MacAddress mac() const override { return mac_; }
  [[nodiscard]] Ipv4Address address() const override { return configuration_.address; }

 private:
  friend struct SocketTable;

  struct Looped {
    Links<Looped> links;
    std::size_t size;
    [[nodiscard]] std::byte* content() { return reinterpret_cast<std::byte*>(this + 1); }
  };
  static constexpr std::size_t kMostLooped = 256;  ///< packets; what comes then is lost

  [[nodiscard]] std::optional<Drop> take_arp(Bytes payload);
  void look_for_conflict(const ArpPacket& packet);
  enum class From : std::uint8_t { wire, itself };
  [[nodiscard]] std::optional<Drop> take_ipv4(Bytes payload, From from, Integrity integrity, const Merged& merged);
  [[nodiscard]] std::optional<Drop> deliver(const Ipv4Packet& packet, Bytes payload, Integrity integrity,
                                            const Merged& merged);
  [[nodiscard]] std::optional<Drop> take_icmp(const Ipv4Packet& packet, Bytes payload);
  [[nodiscard]] std::optional<Drop> take_udp(const Ipv4Packet& packet, Bytes payload, Integrity integrity);
  [[nodiscard]] bool is_broadcast(Ipv4Address address) const;
  void take_icmp_error(const IcmpMessage& message);
  void answer_unreachable(const Ipv4Packet& packet, Unreachable code);
  void count(std::optional<Drop> drop);
  /// This visit's, of the packet that is being delivered.
  [[nodiscard]] Takes takes() const { return steering_.takes_at(visit_); }
  template <class F>
  void seek_socket(const Ipv4Packet& packet, Bytes payload, const Merged& merged, Endpoint local, Endpoint remote,
                   F offer);
  template <class F>
  void tell_others(F make);
  [[nodiscard]] std::uint16_t next_identification() { return identification_ += identification_step_; }

  /// Where a packet is built: it need not be copied to become a frame.
  [[nodiscard]] MutableBytes packet() { return MutableBytes(frame_).subspan(sizeof(EthernetHeader)); }
  [[nodiscard]] Result<> send_packet(const Packet& packet);
  void loop(const Packet& packet);
  void deliver_looped();
  void send_arp(const MacAddress& destination, const ArpPacket& arp) override;
  void send_to_neighbour(const MacAddress& destination, const Packet& packet_to_send) override;
  void neighbour_is_silent(Ipv4Address address) override;

  Environment& environment_;
  MacAddress mac_{};
  std::size_t mtu_;
  network::Offloads offloads_;
  TimerQueue timers_;
  Configuration configuration_;
  Ipv4Address broadcast_ = kBroadcastAddress;  ///< of the network that it is in
  Observer* observer_ = nullptr;
  Counters counters_;
  PathMtu path_mtu_;
  Neighbours neighbours_;
  ConflictDetection conflicts_;
  Reassembly reassembly_;
  Udp udp_;
  Tcp tcp_;
  DhcpClient dhcp_;
  List<Ping, &Ping::links_> pings_;
  List<Looped, &Looped::links> loopback_;
  std::size_t looped_ = 0;
  Steering steering_;
  std::uint8_t visit_ = 0;  ///< of the packet that is being delivered
  std::uint16_t identification_ = 0;
  std::uint16_t identification_step_ = 1;
  std::uint64_t errors_from_ = 0;  ///< ICMP errors that were sent since then
  unsigned errors_sent_ = 0;
  std::array<std::byte, sizeof(EthernetHeader) + kMostMtu> frame_;
  std::array<Packet::Part, Packet::kMostParts> parts_;
  std::array<Bytes, 1 + Packet::kMostParts> frame_parts_;
};

}  // namespace toro::inet
