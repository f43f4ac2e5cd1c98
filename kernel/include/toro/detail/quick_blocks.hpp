// Freed blocks that are kept by size for the next malloc: where malloc and free look first, ahead of the heap.
#pragma once

#include <cstddef>
#include <cstdint>

#include "toro/detail/core_distance.hpp"

namespace toro::detail {

/// A list for each size of block, last in first out. The heap sees these blocks as taken until it asks them back.
///
/// Before each payload lies the header, two words: the low 32 bits of the first are the block's bytes (a multiple of
/// 16), and the second is first ^ payload's address ^ secret ^ state, where a state has 16 equal hexadecimal digits: 0
/// in a live block, 15 in one that is kept here. So a block that is freed twice, whose header or whose successor's
/// header is damaged, or that is another heap's, is not kept, and the heap says why. A kept block holds its link twice,
/// plain and keyed: a link that was written to is not followed.
///
/// Zeroed, it gives and keeps nothing. The core's own threads only; interrupt handlers do not allocate.
struct QuickBlocks {
  static constexpr std::size_t kHeader = 16;
  static constexpr std::size_t kLargest = 4096 + kHeader;  ///< bytes of a block with its header
  static constexpr std::int64_t kKeptBytes = 512 << 10;    ///< of blocks in all lists together

  struct Kept {
    Kept* next;
    std::uint64_t check;  ///< next ^ own address ^ secret
  };
  /// As long as the difference of two sizes, so that a size is an offset.
  struct alignas(16) List {
    Kept* first;
  };

  std::uint64_t secret = 0;
  std::uintptr_t lowest = 0;  ///< where the heap's memory begins, and how long it is: all regions there ever were
  std::uintptr_t length = 0;
  std::int64_t room = 0;  ///< bytes that may still be kept
  List lists[kLargest / sizeof(List) + 1]{};

  static std::uint64_t bits(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }
  static std::size_t block_size(std::size_t size) { return (size + kHeader + 15) & ~std::size_t{15}; }
  /// `self` may lie behind GS (quick_blocks()), and so does its list then.
  template <class Self>
  [[nodiscard, gnu::always_inline]] auto& list_of(this Self& self, std::size_t block_size) {
    auto* const first = &self.lists[0];
    return *reinterpret_cast<decltype(first)>(reinterpret_cast<std::uintptr_t>(first) + block_size);
  }

  /// A block of `size` bytes or up to 15 more; null when none is kept, or the first one was written to.
  template <class Self>
  [[nodiscard, gnu::always_inline]] void* take(this Self& self, std::size_t size) {
    const std::size_t bytes = block_size(size);
    if (bytes > kLargest) return nullptr;
    auto& list = self.list_of(bytes);
    Kept* const kept = list.first;
    if (kept == nullptr || (kept->check ^ bits(kept->next) ^ bits(kept)) != self.secret) return nullptr;
    list.first = kept->next;
    complement_check(kept);
    self.room += static_cast<std::int64_t>(bytes);
    return kept;
  }

  /// Keeps a block; false when there is no room, or it is none that can be kept.
  template <class Self>
  [[nodiscard, gnu::always_inline]] bool keep(this Self& self, void* payload) {
    if (bits(payload) - self.lowest >= self.length) return false;
    const std::uint64_t key = check_of(payload) ^ word_of(payload);
    if ((key ^ bits(payload)) != self.secret) return false;
    const std::size_t bytes = static_cast<std::uint32_t>(word_of(payload));
    if (bytes > kLargest) return false;
    const void* const next = static_cast<char*>(payload) + bytes;
    const std::uint64_t state = check_of(next) ^ word_of(next) ^ bits(next) ^ self.secret;
    if (__builtin_rotateleft64(state, 4) != state) return false;
    const std::int64_t room = self.room - static_cast<std::int64_t>(bytes);
    if (room < 0) return false;
    self.room = room;
    auto& list = self.list_of(bytes);
    auto* const kept = static_cast<Kept*>(payload);
    *kept = {list.first, bits(list.first) ^ key};
    list.first = kept;
    complement_check(payload);
    return true;
  }

 private:
  // Copied by bytes: what a caller frees may be anything.
  static std::uint64_t before(const void* payload, std::size_t bytes) {
    std::uint64_t value;
    __builtin_memcpy(&value, static_cast<const char*>(payload) - bytes, sizeof value);
    return value;
  }
  static std::uint64_t word_of(const void* payload) { return before(payload, 16); }
  static std::uint64_t check_of(const void* payload) { return before(payload, 8); }
  static void complement_check(void* payload) { static_cast<std::uint64_t*>(payload)[-1] ^= ~std::uint64_t{0}; }
};

}  // namespace toro::detail

extern "C" constinit toro::detail::QuickBlocks toro_quick_blocks;  // core 0's

namespace toro::detail {

/// The calling core's.
[[nodiscard, gnu::always_inline]] inline QuickBlocks __seg_gs& quick_blocks() {
  return *reinterpret_cast<QuickBlocks __seg_gs*>(reinterpret_cast<std::uintptr_t>(&toro_quick_blocks));
}

}  // namespace toro::detail
