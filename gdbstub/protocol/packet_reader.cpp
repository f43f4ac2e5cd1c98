#include "gdbstub/protocol/packet_reader.hpp"

#include "gdbstub/protocol/hex.hpp"

namespace toro::gdbstub {

void PacketReader::begin() {
  state_ = State::payload;
  size_ = 0;
  sum_ = 0;
  too_long_ = false;
}

void PacketReader::append(char byte) {
  if (size_ < buffer_.size()) {
    buffer_[size_++] = byte;
  } else {
    too_long_ = true;
  }
}

PacketReader::Event PacketReader::finish(int low) {
  state_ = State::between;
  if (too_long_) return Event::too_long;
  const bool right = high_ >= 0 && low >= 0 && sum_ == (high_ << 4 | low);
  return right ? Event::packet : Event::bad_checksum;
}

PacketReader::Event PacketReader::put(char byte) {
  // A sender escapes '$' within data: a bare one starts over, so that a broken packet costs only itself.
  if (byte == '$') {
    begin();
    return Event::none;
  }
  switch (state_) {
    case State::between:
      if (byte == '+') return Event::acknowledged;
      if (byte == '-') return Event::rejected;
      return byte == '\x03' ? Event::interrupt : Event::none;
    case State::payload:
      if (byte == '#') {
        state_ = State::checksum_high;
        return Event::none;
      }
      sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
      if (byte == '}') {
        state_ = State::escaped;
      } else {
        append(byte);
      }
      return Event::none;
    case State::escaped:
      if (byte == '#') {  // a sender escapes that too: a bare one ends the packet, for somebody waits for its answer
        state_ = State::checksum_high;
        return Event::none;
      }
      sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
      append(static_cast<char>(byte ^ 0x20));
      state_ = State::payload;
      return Event::none;
    case State::checksum_high:
      high_ = hex_value(byte);
      state_ = State::checksum_low;
      return Event::none;
    case State::checksum_low:
      return finish(hex_value(byte));
  }
  return Event::none;
}

}  // namespace toro::gdbstub
