// Another place for the image: where, and what changes in it.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace toro::boot {

/// A random page of the first eighth of [begin, end), so that most of it stays one run; 0 where `size` bytes have no
/// room behind that.
[[nodiscard]] constexpr std::uintptr_t choose_place(std::uintptr_t begin, std::uintptr_t end, std::uintptr_t size,
                                                    std::uint64_t random) {
  constexpr std::uintptr_t kPage = 4096;
  if (end <= begin || (end - begin) / 8 + size > end - begin) return 0;
  return begin + random % ((end - begin) / 8 / kPage + 1) * kPage;
}

/// Adds `distance` to each word that `table` names, in the copy of the image that lies `distance` further on. An even
/// entry is the address of a word; an odd one says by its other bits which of the 63 words behind that follow, and the
/// next odd one goes on there. [System V ABI, SHT_RELR]
inline void relocate(std::span<const std::uint64_t> table, std::uint64_t distance) {
  constexpr unsigned kWordsOfMap = 63;
  std::uint64_t* word = nullptr;
  for (const std::uint64_t entry : table) {
    if ((entry & 1) == 0) {
      word = reinterpret_cast<std::uint64_t*>(entry + distance);
      *word++ += distance;
      continue;
    }
    for (std::uint64_t marks = entry >> 1; marks != 0; marks &= marks - 1) word[std::countr_zero(marks)] += distance;
    word += kWordsOfMap;
  }
}

}  // namespace toro::boot
