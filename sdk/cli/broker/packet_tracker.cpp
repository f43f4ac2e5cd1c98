// Packet boundaries of the GDB remote protocol. `}` escapes the next byte, and an escaped byte is never `$`, `#` or
// `}`, so that the framing needs no knowledge of escapes. [GDB manual, E.1 Overview]
#include "sdk/cli/broker/packet_tracker.hpp"

#include <algorithm>
#include <format>

namespace toro::cli {

void PacketTracker::push(std::string_view bytes, const Handler& handler) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char c = bytes[i];
    if (state_ == State::outside) {
      auto one = bytes.substr(i, 1);
      if (c == '$' || c == '%') {
        packet_.assign(1, c);
        state_ = State::body;
      } else if (c == '+' || c == '-') {
        handler(Item::acknowledgement, one);
      } else {
        handler(c == '\x03' ? Item::interrupt : Item::noise, one);
      }
      continue;
    }
    if (state_ == State::body && c == '$') {
      // The rest of a packet was lost and the sender begins again.
      handler(Item::noise, packet_);
      packet_.clear();
    }
    if (state_ == State::body && c != '#') {
      // All that is the packet's at once: most of what passes is in the middle of one.
      const auto run = bytes.substr(i, bytes.find_first_of("$#", i + 1) - i);
      packet_ += run.substr(0, kLongestKept - std::min(kLongestKept, packet_.size()));
      i += run.size() - 1;
      continue;
    }
    if (packet_.size() < kLongestKept) packet_ += c;
    if (state_ == State::body) {
      state_ = State::first_digit;
    } else if (state_ == State::first_digit) {
      state_ = State::second_digit;
    } else {
      state_ = State::outside;
      handler(packet_.front() == '%' ? Item::notification : Item::packet, packet_);
    }
  }
}

std::string_view payload_of(std::string_view packet) {
  auto end = packet.rfind('#');
  return packet.size() < 2 || end == std::string_view::npos ? std::string_view() : packet.substr(1, end - 1);
}

std::string framed(std::string_view payload) {
  unsigned sum = 0;
  for (char c : payload) sum += static_cast<unsigned char>(c);
  return std::format("${}#{:02x}", payload, sum & 0xff);
}

}  // namespace toro::cli
