// `QToroSession:NUMBER`, which the kernel's stub answers with the number. [gdbstub/protocol/query_packets.cpp]
#include "sdk/cli/broker/greeting.hpp"

#include <format>

namespace toro::cli {

std::string Greeting::begin() {
  state_ = State::waiting;
  return framed(std::format("QToroSession:{:x}", ++number_));
}

bool Greeting::passes(PacketTracker::Item item, std::string_view bytes) {
  if (state_ == State::done) return true;
  if (state_ == State::silent) return false;
  // An empty answer: an image with an older stub.
  auto payload = payload_of(bytes);
  if (item == PacketTracker::Item::packet && (payload.empty() || payload == std::format("{:x}", number_)))
    state_ = State::done;
  return false;
}

}  // namespace toro::cli
