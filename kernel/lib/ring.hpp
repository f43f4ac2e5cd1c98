// A first-in first-out queue in an array. Zeroed memory is an empty one.
#pragma once

#include <cstddef>
#include <optional>

namespace toro {

/// One caller at a time.
template <class T, std::size_t kSize>
class Ring {
 public:
  static_assert((kSize & (kSize - 1)) == 0);

  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] bool full() const { return end_ - begin_ == kSize; }

  /// False when it is full.
  bool push(const T& value) {
    if (full()) return false;
    values_[end_++ % kSize] = value;
    return true;
  }
  [[nodiscard]] std::optional<T> pop() {
    if (empty()) return std::nullopt;
    return values_[begin_++ % kSize];
  }

 private:
  T values_[kSize]{};
  std::size_t begin_ = 0;  // counted for ever
  std::size_t end_ = 0;
};

}  // namespace toro
