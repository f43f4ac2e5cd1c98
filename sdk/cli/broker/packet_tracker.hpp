// Follows one direction of a GDB remote connection byte by byte: where packets begin and end.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace toro::cli {

class PacketTracker {
 public:
  enum class Item {
    packet,           ///< `$…#xx`, whole
    notification,     ///< `%…#xx`, whole
    acknowledgement,  ///< `+` or `-`
    interrupt,        ///< 0x03 outside of a packet
    noise,            ///< a byte that has no meaning there
  };
  using Handler = std::function<void(Item item, std::string_view bytes)>;

  /// Calls `handler` for every item that `bytes` complete, in their order.
  void push(std::string_view bytes, const Handler& handler);

  [[nodiscard]] bool inside_packet() const { return state_ != State::outside; }

 private:
  /// A packet longer than this is followed to its end but not kept.
  static constexpr std::size_t kLongestKept = 1024 * 1024;

  enum class State { outside, body, first_digit, second_digit };

  State state_ = State::outside;
  std::string packet_;
};

/// What lies between `$` and `#`.
std::string_view payload_of(std::string_view packet);

/// `$payload#xx`.
[[nodiscard]] std::string framed(std::string_view payload);

}  // namespace toro::cli
