// A set of pages, by number: which of them the application mapped.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::posix {

/// One bit for each page. Any thread of any core; calls on the same pages at the same time do not tear.
class PageSet {
 public:
  using Word = std::atomic<std::uint64_t>;
  static constexpr std::size_t kPagesPerWord = 64;

  constexpr PageSet() = default;
  /// Room for pages 0 to kPagesPerWord * words.size() - 1; the words are zero.
  explicit PageSet(std::span<Word> words) : words_(words) {}

  /// Pages that there is room for.
  void add(std::size_t first, std::size_t count);
  /// False where a page of them is not in the set.
  [[nodiscard]] bool contains(std::size_t first, std::size_t count) const;
  /// All of them or, when one is not in the set, none: then false.
  [[nodiscard]] bool remove(std::size_t first, std::size_t count);

 private:
  [[nodiscard]] bool has_room_for(std::size_t first, std::size_t count) const;

  std::span<Word> words_;
};

}  // namespace toro::posix
