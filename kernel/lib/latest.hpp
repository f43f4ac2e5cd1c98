// The latest of what several cores read from clocks that do not agree. Pure.
#pragma once

#include <atomic>
#include <cstdint>

namespace toro {

class Latest {
 public:
  constexpr Latest() = default;

  /// `time`, or what another core has read before where that is later.
  [[nodiscard]] std::uint64_t advance_to(std::uint64_t time) {
    std::uint64_t before = latest_.load(std::memory_order_relaxed);
    while (before < time)
      if (latest_.compare_exchange_weak(before, time, std::memory_order_relaxed)) return time;
    return before;
  }

 private:
  std::atomic<std::uint64_t> latest_ = 0;
};

}  // namespace toro
