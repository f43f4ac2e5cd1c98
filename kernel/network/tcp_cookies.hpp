// SYN cookies: what a listener without room for another half-open connection knows of it, it gives to the peer to keep.
// [RFC 4987 3.6]
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/network/siphash.hpp"
#include "kernel/network/tcp_segment.hpp"

namespace toro::inet {

class SynCookies {
 public:
  explicit SynCookies(const SipKey& key) : key_(key) {}

  /// The initial sequence number of the answer to `syn` at `now`, nanoseconds. It holds the SYN's MSS, rounded down,
  /// and counts for 64 to 128 s.
  [[nodiscard]] Sequence make(const TcpSegment& syn, std::uint64_t now);
  /// The SYN that `ack` shows to have been answered so; what else it asked for is in the timestamps' echo.
  [[nodiscard]] std::optional<TcpSegment> check(const TcpSegment& ack, std::uint64_t now) const;

  /// A time to be sent with a cookie: its lowest bits become the options of the SYN. It lies before `time` + kTimeStep.
  [[nodiscard]] static std::uint32_t timestamp(std::uint32_t time, const TcpSegment& syn);
  static constexpr std::uint32_t kTimeStep = 32;

 private:
  [[nodiscard]] Sequence cookie(const TcpSegment& segment, Sequence first, std::uint64_t period,
                                std::uint32_t mss) const;

  SipKey key_;
  std::optional<std::uint64_t> last_period_;  ///< in which a cookie was made: without any, none counts
};

}  // namespace toro::inet
