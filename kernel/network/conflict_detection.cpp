// Whether somebody else has the interface's address, too.
#include "kernel/network/conflict_detection.hpp"

#include <utility>

namespace toro::inet {

void ConflictDetection::begin(Origin origin) {
  origin_ = origin;
  is_probing_ = origin == Origin::dhcp;
  probes_left_ = is_probing_ ? kProbes : 0;
  announcements_left_ = kAnnouncements;
  is_told_ = false;
  may_defend_at_ = 0;
  proceed();
}

/// All probes, then all announcements.
void ConflictDetection::proceed() {
  const std::uint64_t now = environment_.now();
  if (probes_left_ != 0) {
    send({});
    --probes_left_;
    const std::uint64_t wait = kProbeMin + environment_.random() % (kProbeMax - kProbeMin);
    return timers_.arm(timer_, now + (probes_left_ == 0 ? kAnnounceWait : wait));
  }
  is_probing_ = false;
  announce();
  if (--announcements_left_ != 0) timers_.arm(timer_, now + kAnnounceInterval);
}

/// A probe, where there is no sender, or an announcement. [RFC 5227 2.1.1, 2.3]
void ConflictDetection::send(Ipv4Address sender) {
  link_.send_arp(kBroadcastMac, {.operation = ArpPacket::kRequest,
                                 .sender_mac = link_.mac(),
                                 .sender = sender,
                                 .target_mac = {},
                                 .target = link_.address()});
}

ConflictDetection::Verdict ConflictDetection::input(const ArpPacket& packet) {
  const Ipv4Address own = link_.address();
  if (own.is_any() || packet.sender_mac == link_.mac()) return Verdict::none;
  const bool has_it = packet.sender == own;
  const bool wants_it = packet.sender.is_any() && packet.target == own && packet.operation == ArpPacket::kRequest;
  if (!has_it && !(wants_it && is_probing_)) return Verdict::none;
  const std::uint64_t now = environment_.now();
  const bool may_defend = now >= may_defend_at_;
  if (origin_ == Origin::dhcp && (is_probing_ || !may_defend)) return Verdict::given_up;
  if (may_defend) announce();
  if (may_defend) may_defend_at_ = now + kDefendInterval;
  return std::exchange(is_told_, true) ? Verdict::none : Verdict::conflict;
}

}  // namespace toro::inet
