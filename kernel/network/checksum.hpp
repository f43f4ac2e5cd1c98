// The Internet checksum. [RFC 1071]
#pragma once

#include "kernel/network/wire.hpp"

namespace toro::inet {

/// A sum in one's complement, of 16-bit words in the order of the wire.
class Checksum {
 public:
  constexpr Checksum() = default;

  /// All parts but the last must have an even length.
  void add(Bytes bytes) {
    for (; bytes.size() >= sizeof(std::uint64_t); bytes = bytes.subspan(sizeof(std::uint64_t)))
      add_word(load<std::uint64_t>(bytes.data()));
    std::uint64_t rest = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) rest |= std::to_integer<std::uint64_t>(bytes[i]) << 8 * i;
    add_word(rest);
  }
  /// What UDP and TCP cover beside themselves. [RFC 9293 3.1]
  void add_pseudo_header(Ipv4Address source, Ipv4Address destination, Protocol protocol, std::size_t length) {
    const struct {
      Ipv4Address source;
      Ipv4Address destination;
      std::uint8_t zero;
      Protocol protocol;
      Big16 length;
    } pseudo{source, destination, 0, protocol, static_cast<std::uint16_t>(length)};
    static_assert(sizeof pseudo == 12);
    add(bytes_of(pseudo));
  }

  /// What belongs into the field that was zero; 0 when the field was among what was added, and is right.
  [[nodiscard]] std::uint16_t value() const {
    std::uint64_t sum = sum_;
    while (sum > UINT16_MAX) sum = (sum & UINT16_MAX) + (sum >> 16);
    const auto swapped = static_cast<std::uint16_t>(sum << 8 | sum >> 8);  // the words were read in the machine's order
    return static_cast<std::uint16_t>(~swapped);
  }

 private:
  /// What is carried out of the top comes in below.
  void add_word(std::uint64_t word) {
    sum_ += word;
    sum_ += sum_ < word ? 1 : 0;
  }

  std::uint64_t sum_ = 0;
};

[[nodiscard]] inline std::uint16_t checksum_of(Bytes bytes) {
  Checksum sum;
  sum.add(bytes);
  return sum.value();
}

/// Whether a segment's or a datagram's checksum is right.
[[nodiscard]] inline bool is_intact(Ipv4Address source, Ipv4Address destination, Protocol protocol, Bytes payload) {
  Checksum sum;
  sum.add_pseudo_header(source, destination, protocol, payload.size());
  sum.add(payload);
  return sum.value() == 0;
}

}  // namespace toro::inet
