// What a stack is given by whoever runs it: the kernel, or a test.
#pragma once

#include <cstdint>

#include "kernel/devices/network/frame.hpp"
#include "kernel/network/wire.hpp"

namespace toro::inet {

struct Steered;

class Environment {
 public:
  /// Nanoseconds; never goes back.
  [[nodiscard]] virtual std::uint64_t now() = 0;
  /// 64 bits that nobody outside can guess.
  [[nodiscard]] virtual std::uint64_t random() = 0;
  /// Sends an Ethernet frame, without its check sequence; of what the device may do to it, no more than the stack was
  /// told of. It may be lost without a word. Where it has a completion that is told once nothing of the frame is used
  /// any more; of one without nothing is used when this returns. Must not call the stack.
  virtual void transmit(const network::Transmit& frame) = 0;
  /// `other` has this machine's address, too: whoever runs it is to know. Must not call the stack.
  virtual void tell_conflict(Ipv4Address address, const MacAddress& other) = 0;
  /// Has stack `index` of the interface input() `packet`, some time later: it is this one's no more. It may be lost.
  /// For stacks that are not alone.
  virtual void hand_over(std::size_t index, Steered& packet);

 protected:
  ~Environment() = default;
};

inline constexpr std::uint64_t kMicrosecond = 1'000;
inline constexpr std::uint64_t kMillisecond = 1'000'000;
inline constexpr std::uint64_t kSecond = 1'000'000'000;

}  // namespace toro::inet
