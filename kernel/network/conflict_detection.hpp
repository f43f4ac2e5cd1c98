// Whether somebody else has the interface's address, too. [RFC 5227]
#pragma once

#include "kernel/network/environment.hpp"
#include "kernel/network/neighbours.hpp"
#include "kernel/network/timers.hpp"

namespace toro::inet {

/// The address is used from the first moment on, also while it is probed: nobody has to wait for seconds, and who has
/// an address already answers in the first instant.
class ConflictDetection {
 public:
  /// Where an address is from, which says what becomes of it when another has it.
  enum class Origin : std::uint8_t {
    static_configuration,  ///< it is defended, and kept [RFC 5227 2.4 (c)]
    dhcp,  ///< it is probed; given up at once during that, and later when it was defended in vain [RFC 5227 2.1, 2.4
           ///< (b)]
  };
  enum class Verdict : std::uint8_t { none, conflict, given_up };

  static constexpr unsigned kProbes = 3;         ///< PROBE_NUM [RFC 5227 1.1], as are the next
  static constexpr unsigned kAnnouncements = 2;  ///< ANNOUNCE_NUM
  static constexpr std::uint64_t kProbeMin = kSecond;
  static constexpr std::uint64_t kProbeMax = 2 * kSecond;
  static constexpr std::uint64_t kAnnounceWait = 2 * kSecond;
  static constexpr std::uint64_t kAnnounceInterval = 2 * kSecond;
  static constexpr std::uint64_t kDefendInterval = 10 * kSecond;

  ConflictDetection(Environment& environment, TimerQueue& timers, NeighbourLink& link)
      : environment_(environment), timers_(timers), link_(link) {}
  ~ConflictDetection() { end(); }
  ConflictDetection(const ConflictDetection&) = delete;
  ConflictDetection& operator=(const ConflictDetection&) = delete;

  /// The link has its address from now on.
  void begin(Origin origin);
  /// It has none.
  void end() { timers_.cancel(timer_); }
  /// Of each packet that comes. A conflict is told once for an address; one that is given up is the caller's to take
  /// away.
  [[nodiscard]] Verdict input(const ArpPacket& packet);

 private:
  void proceed();
  void send(Ipv4Address sender);
  void announce() { send(link_.address()); }

  Environment& environment_;
  TimerQueue& timers_;
  NeighbourLink& link_;
  Origin origin_ = Origin::static_configuration;
  unsigned probes_left_ = 0;
  unsigned announcements_left_ = 0;
  bool is_probing_ = false;
  bool is_told_ = false;
  std::uint64_t may_defend_at_ = 0;
  Timer timer_{this, [](void* self) { static_cast<ConflictDetection*>(self)->proceed(); }};
};

}  // namespace toro::inet
