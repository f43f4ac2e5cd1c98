// Numbers from 0 on, some of which are taken. Pure.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace toro::posix {

/// Of numbers below `kMost`, a multiple of 4096. Every search reads a word for each 4096 numbers at most, and two more.
template <std::size_t kMost>
class NumberSet {
 public:
  /// Numbers are freed and looked for within words of so many.
  static constexpr std::size_t kWord = 64;

  /// Those below `count` are taken; at most kWord.
  constexpr explicit NumberSet(std::size_t count) { words_[0] = bits_below(count); }

  /// Whether one is taken of the word that `number` belongs to.
  [[nodiscard]] bool has_any_beside(std::size_t number) const { return words_[number / kWord] != 0; }

  void add(std::size_t number) {
    const std::size_t word = number / kWord;
    words_[word] |= bit(number);
    if (words_[word] == kAll) full_[word / kWord] |= bit(word);
  }
  void remove(std::size_t number) {
    const std::size_t word = number / kWord;
    words_[word] &= ~bit(number);
    full_[word / kWord] &= ~bit(word);
  }

  /// The lowest from `from` on, which is below kMost, that is not taken; kMost where all are.
  [[nodiscard]] std::size_t lowest_free(std::size_t from) const {
    const std::size_t first = from / kWord;
    if (const std::size_t at = lowest_clear(words_[first], from % kWord); at != kWord) return first * kWord + at;
    for (std::size_t word = first + 1; word < words_.size(); word = (word / kWord + 1) * kWord)
      if (const std::size_t at = lowest_clear(full_[word / kWord], word % kWord); at != kWord) {
        const std::size_t found = word / kWord * kWord + at;
        return found * kWord + lowest_clear(words_[found], 0);
      }
    return kMost;
  }

 private:
  static constexpr std::uint64_t kAll = ~std::uint64_t{0};
  static constexpr std::uint64_t bit(std::size_t number) { return std::uint64_t{1} << number % kWord; }
  static constexpr std::uint64_t bits_below(std::size_t count) { return count == kWord ? kAll : bit(count) - 1; }
  static std::size_t lowest_clear(std::uint64_t word, std::size_t from) {
    return static_cast<std::size_t>(std::countr_one(word | bits_below(from)));
  }

  static_assert(kMost % (kWord * kWord) == 0);
  std::array<std::uint64_t, kMost / kWord> words_{};
  std::array<std::uint64_t, kMost / kWord / kWord> full_{};  ///< a bit for each word that is
};

}  // namespace toro::posix
