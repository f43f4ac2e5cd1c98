// Taking what a server wrote: it may go on writing.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace toro::filesystem::fuse {

/// A copy of `shared`, which lies at a multiple of 8 bytes, whose words were each read once: what is checked is what is
/// used.
template <class T>
  requires(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0)
[[nodiscard]] T copy_once(T& shared) {
  std::array<std::uint64_t, sizeof(T) / 8> words;
  auto* const from = reinterpret_cast<std::uint64_t*>(&shared);
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = std::atomic_ref<std::uint64_t>(from[i]).load(std::memory_order_relaxed);
  return std::bit_cast<T>(words);
}

}  // namespace toro::filesystem::fuse
