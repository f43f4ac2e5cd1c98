// TCP's sequence numbers: they go round, and compare by their distance. [RFC 9293 3.4]
#pragma once

#include <cstdint>

namespace toro::inet {

struct Sequence {
  std::uint32_t value = 0;

  friend constexpr Sequence operator+(Sequence a, std::uint32_t count) { return {a.value + count}; }
  friend constexpr Sequence operator-(Sequence a, std::uint32_t count) { return {a.value - count}; }
  /// How far `a` lies behind `b`; negative where it lies before.
  friend constexpr std::int32_t operator-(Sequence a, Sequence b) {
    return static_cast<std::int32_t>(a.value - b.value);
  }
  constexpr Sequence& operator+=(std::uint32_t count) {
    value += count;
    return *this;
  }
  friend constexpr bool operator==(Sequence, Sequence) = default;
  friend constexpr bool operator<(Sequence a, Sequence b) { return a - b < 0; }
  friend constexpr bool operator<=(Sequence a, Sequence b) { return a - b <= 0; }
  friend constexpr bool operator>(Sequence a, Sequence b) { return a - b > 0; }
  friend constexpr bool operator>=(Sequence a, Sequence b) { return a - b >= 0; }
};

/// How many numbers [a, b) has; b does not lie before a.
[[nodiscard]] constexpr std::uint32_t distance(Sequence a, Sequence b) {
  return b.value - a.value;
}
[[nodiscard]] constexpr Sequence earlier(Sequence a, Sequence b) {
  return a < b ? a : b;
}
[[nodiscard]] constexpr Sequence later(Sequence a, Sequence b) {
  return a < b ? b : a;
}

}  // namespace toro::inet
