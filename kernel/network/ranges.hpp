// Ranges of sequence numbers, in order and apart: what came out of order, or what the other side has of what was sent.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "kernel/network/sequence.hpp"

namespace toro::inet {

struct Range {
  Sequence begin;
  Sequence end;
  [[nodiscard]] constexpr std::uint32_t size() const { return distance(begin, end); }
};

class Ranges {
 public:
  static constexpr std::size_t kMost = 32;

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::span<const Range> all() const { return {ranges_.data(), count_}; }
  [[nodiscard]] Sequence end() const { return ranges_[count_ - 1].end; }
  [[nodiscard]] std::uint32_t bytes() const {
    std::uint32_t sum = 0;
    for (const Range& range : all()) sum += range.size();
    return sum;
  }
  void clear() { count_ = 0; }

  /// False where there is no room for one more.
  [[nodiscard]] bool add(Range range) {
    std::size_t first = 0;
    while (first < count_ && ranges_[first].end < range.begin) ++first;
    std::size_t last = first;  // behind those that it meets
    for (; last < count_ && ranges_[last].begin <= range.end; ++last) {
      range.begin = earlier(range.begin, ranges_[last].begin);
      range.end = later(range.end, ranges_[last].end);
    }
    if (first == last) {
      if (count_ == kMost) return false;
      std::copy_backward(ranges_.begin() + first, ranges_.begin() + count_, ranges_.begin() + count_ + 1);
      ++count_;
    } else {
      std::copy(ranges_.begin() + last, ranges_.begin() + count_, ranges_.begin() + first + 1);
      count_ -= last - first - 1;
    }
    ranges_[first] = range;
    return true;
  }
  /// Whether it was there as a whole before.
  [[nodiscard]] bool has(Range range) const {
    return std::ranges::any_of(
        all(), [&](const Range& there) { return there.begin <= range.begin && range.end <= there.end; });
  }
  void remove_below(Sequence sequence) {
    std::size_t gone = 0;
    while (gone < count_ && ranges_[gone].end <= sequence) ++gone;
    std::copy(ranges_.begin() + gone, ranges_.begin() + count_, ranges_.begin());
    count_ -= gone;
    if (count_ != 0) ranges_[0].begin = later(ranges_[0].begin, sequence);
  }

 private:
  std::array<Range, kMost> ranges_{};
  std::size_t count_ = 0;
};

}  // namespace toro::inet
