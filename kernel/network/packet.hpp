// A packet on its way out, and what the device does to it.
#pragma once

#include <algorithm>

#include "kernel/network/byte_window.hpp"

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
  using Part = ByteWindow::Part;

  Bytes head;  ///< with `segment_size`, the headers and no more
  /// The parts that follow, none empty. Those without a chunk are copied when the packet is sent.
  std::span<const Part> rest{};
  Unfinished unfinished{};

  [[nodiscard]] std::size_t size() const {
    std::size_t sum = head.size();
    for (const Part& part : rest) sum += part.bytes.size();
    return sum;
  }
  /// Copies it to `to`, which is at least as long.
  void copy_to(std::byte* to) const {
    to = std::ranges::copy(head, to).out;
    for (const Part& part : rest) to = std::ranges::copy(part.bytes, to).out;
  }
};

}  // namespace toro::inet
