#include "gdbstub/protocol/reply.hpp"

#include <cstring>

#include "gdbstub/protocol/hex.hpp"

namespace toro::gdbstub {

void Reply::clear() {
  size_ = 0;
  overflow_ = false;
}

void Reply::put(char character) {
  if (room() == 0) {
    overflow_ = true;
    return;
  }
  buffer_[1 + size_++] = character;
}

void Reply::binary(char byte) {
  if (byte == '$' || byte == '#' || byte == '}' || byte == '*') {
    put('}');
    byte = static_cast<char>(byte ^ 0x20);
  }
  put(byte);
}

void Reply::hex_bytes(std::span<const std::byte> bytes) {
  if (room() / 2 < bytes.size()) {
    overflow_ = true;
    return;
  }
  // Whole memories go this way: a word at a time.
  char* to = buffer_.data() + 1 + size_;
  const std::size_t words = bytes.size() / sizeof(std::uint32_t);
  for (std::size_t i = 0; i < words; ++i) {
    std::uint32_t word;
    std::memcpy(&word, bytes.data() + i * sizeof word, sizeof word);
    const std::uint64_t digits = hex_digits(word);
    std::memcpy(to, &digits, sizeof digits);
    to += sizeof digits;
  }
  for (const std::byte byte : bytes.subspan(words * sizeof(std::uint32_t))) {
    *to++ = hex_digit(static_cast<std::uint8_t>(byte) >> 4);
    *to++ = hex_digit(static_cast<std::uint8_t>(byte));
  }
  size_ += 2 * bytes.size();
}

void Reply::error(Error number) {
  clear();
  const auto value = static_cast<std::uint8_t>(number);
  put('E');
  put(static_cast<char>('0' + value / 10));
  put(static_cast<char>('0' + value % 10));
}

namespace {

std::uint8_t checksum(std::string_view payload) {
  std::uint8_t sum = 0;
  std::uint64_t word;
  for (; payload.size() >= sizeof word; payload.remove_prefix(sizeof word)) {
    std::memcpy(&word, payload.data(), sizeof word);
    sum = static_cast<std::uint8_t>(sum + sum_of_bytes(word));
  }
  for (const char character : payload) sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(character));
  return sum;
}

}  // namespace

std::string_view Reply::packet() {
  if (overflow_) error(Error::no_space);
  const std::uint8_t sum = checksum(payload());
  buffer_[0] = '$';
  buffer_[size_ + 1] = '#';
  buffer_[size_ + 2] = hex_digit(sum >> 4);
  buffer_[size_ + 3] = hex_digit(sum);
  return {buffer_.data(), size_ + kFrameBytes};
}

void HexText::put(char character) {
  reply_.hex_padded(static_cast<std::uint8_t>(character), 2);
}

DocumentWindow::DocumentWindow(Reply& reply, std::uint64_t offset, std::uint64_t length)
    : reply_(reply), offset_(offset), length_(length) {
  reply_.clear();
  reply_.put('l');
}

void DocumentWindow::put(char character) {
  if (position_++ < offset_) return;
  // Two bytes of room: an escaped character must not be cut in half.
  if (more_ || written_ == length_ || reply_.room() < 2) {
    more_ = true;
    return;
  }
  reply_.binary(character);
  ++written_;
}

void DocumentWindow::finish() {
  if (more_) reply_.replace(0, 'm');
}

}  // namespace toro::gdbstub
