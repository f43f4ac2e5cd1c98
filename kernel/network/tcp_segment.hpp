// TCP's segments, as they are received: checked, with their options. Pure. [RFC 9293 3.1]
#pragma once

#include <array>
#include <optional>

#include "kernel/network/error.hpp"
#include "kernel/network/ranges.hpp"
#include "kernel/network/wire.hpp"

namespace toro::inet {

/// [RFC 9293 3.2, RFC 7323, RFC 2018]
struct TcpOption {
  static constexpr std::uint8_t kEnd = 0;
  static constexpr std::uint8_t kNoOperation = 1;
  static constexpr std::uint8_t kMaximumSegmentSize = 2;
  static constexpr std::uint8_t kWindowScale = 3;
  static constexpr std::uint8_t kSackPermitted = 4;
  static constexpr std::uint8_t kSack = 5;
  static constexpr std::uint8_t kTimestamps = 8;
};
inline constexpr std::uint8_t kMostWindowScale = 14;  ///< [RFC 7323 2.3]
inline constexpr std::uint16_t kDefaultMss = 536;     ///< of a peer that says nothing [RFC 9293 3.7.1]

struct TcpTimestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
};

/// What follows the first part of a packet that the device put together of several, or left in several parts.
struct Merged {
  std::span<const Bytes> rest{};
  std::uint16_t segment_size = 0;  ///< payload of each of the segments but the last; 0: it was one

  [[nodiscard]] std::size_t size() const {
    std::size_t sum = 0;
    for (const Bytes part : rest) sum += part.size();
    return sum;
  }
};

struct TcpSegment {
  Endpoint source{};
  Endpoint destination{};
  Sequence sequence{};
  Sequence acknowledgment{};
  std::uint8_t flags = 0;
  std::uint16_t window = 0;
  Bytes payload{};
  Merged merged{};  ///< the rest of the payload
  std::optional<std::uint16_t> maximum_segment_size{};
  std::optional<std::uint8_t> window_scale{};
  bool sack_permitted = false;
  std::optional<TcpTimestamps> timestamps{};
  std::array<Range, 4> sack{};
  std::size_t sack_count = 0;

  [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] std::uint32_t payload_size() const {
    return static_cast<std::uint32_t>(payload.size() + merged.size());
  }
  /// SEG.LEN: of sequence numbers.
  [[nodiscard]] std::uint32_t length() const {
    return payload_size() + (has(TcpHeader::kSyn) ? 1 : 0) + (has(TcpHeader::kFin) ? 1 : 0);
  }
  [[nodiscard]] Sequence end() const { return sequence + length(); }
};

[[nodiscard]] Parsed<TcpSegment> parse_tcp(Ipv4Address source, Ipv4Address destination, Bytes payload,
                                           Integrity integrity = Integrity::unknown);

}  // namespace toro::inet
