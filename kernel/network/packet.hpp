// A packet on its way out, and what the device does to it.
#pragma once

#include <algorithm>

#include "kernel/network/wire.hpp"

namespace toro::inet {

/// What is left to the device of a packet's TCP or UDP.
struct Unfinished {
  /// The checksum's offset in the transport's header, where the pseudo header's sum stands; 0: it is right already.
  std::uint16_t checksum_offset = 0;
  /// Payload of each segment that the packet is to be cut into; 0: it goes in one piece.
  std::uint16_t segment_size = 0;
};

/// From its IPv4 header on.
struct Packet {
  static constexpr std::size_t kMostParts = 18;  ///< of `rest`

  Bytes head;                     ///< with `segment_size`, the headers and no more
  std::span<const Bytes> rest{};  ///< the parts that follow, none empty
  Unfinished unfinished{};

  [[nodiscard]] std::size_t size() const {
    std::size_t sum = head.size();
    for (const Bytes part : rest) sum += part.size();
    return sum;
  }
  /// Copies it to `to`, which is at least as long.
  void copy_to(std::byte* to) const {
    to = std::ranges::copy(head, to).out;
    for (const Bytes part : rest) to = std::ranges::copy(part, to).out;
  }
};

}  // namespace toro::inet
