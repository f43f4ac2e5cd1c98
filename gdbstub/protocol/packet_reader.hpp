// Finds packets, acknowledgements and break-ins in a stream of bytes. [GDB RSP, Overview]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace toro::gdbstub {

class PacketReader {
 public:
  enum class Event : std::uint8_t {
    none,          ///< more bytes are needed
    packet,        ///< payload() holds one, unescaped
    bad_checksum,  ///< payload() holds one whose checksum differs
    too_long,      ///< it was read to its end and thrown away
    acknowledged,
    rejected,
    interrupt,  ///< 0x03 between packets; within one it is data (`X` sends it unescaped)
  };

  explicit constexpr PacketReader(std::span<char> buffer) : buffer_(buffer) {}

  Event put(char byte);
  [[nodiscard]] constexpr std::string_view payload() const { return {buffer_.data(), size_}; }
  /// Whether bytes of an unfinished packet are held.
  [[nodiscard]] constexpr bool within_packet() const { return state_ != State::between; }
  constexpr void reset() { state_ = State::between; }

 private:
  enum class State : std::uint8_t { between, payload, escaped, checksum_high, checksum_low };

  void begin();
  void append(char byte);
  Event finish(int low);

  std::span<char> buffer_;
  std::size_t size_ = 0;
  State state_ = State::between;
  std::uint8_t sum_ = 0;
  int high_ = 0;
  bool too_long_ = false;
};

}  // namespace toro::gdbstub
