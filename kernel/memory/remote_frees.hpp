// Blocks that one core freed and another core's heap owns, on their way home: without locks, and without messages that
// somebody must answer.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace toro::memory {

/// A core's part: the chains that it is filling for others, and a slot for each other core where that core leaves its
/// chain. A slot has one writer who fills it when it is empty, and one who empties it; while it is full, the chain for
/// it grows longer. Zeroed memory is a valid value. Sending is the one core's affair, collecting the other's.
class RemoteFrees {
 public:
  static constexpr unsigned kMaxCores = 64;
  static constexpr std::uint32_t kBatch = 32;  ///< blocks that are sent together

  /// Of `here`, by its core, which is number `self`: chains `payload` (16 bytes of it or more are its own now) for core
  /// `to`, and offers the chain when it is long enough.
  void send(unsigned self, unsigned to, RemoteFrees& home, void* payload) {
    Chain& chain = outgoing_[to];
    auto* const block = static_cast<Freed*>(payload);
    *block = {chain.first, check(*block, chain.first)};
    chain.first = block;
    ++sent_;
    if (++chain.blocks >= kBatch) offer(self, to, home);
  }

  /// Offers what is chained for core `to`, however little it is; false when the slot there is still full.
  bool offer(unsigned self, unsigned to, RemoteFrees& home) {
    Chain& chain = outgoing_[to];
    if (chain.first == nullptr) return true;
    if (home.incoming_[self].load(std::memory_order_acquire) != nullptr) return false;
    home.incoming_[self].store(chain.first, std::memory_order_release);
    home.has_come_.store(true, std::memory_order_release);
    chain = {};
    return true;
  }

  /// Blocks ever sent from here.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

  /// Calls `free(payload)` with each block that has come home, `damaged(payload)` with one that was written to
  /// meanwhile. False when there were none: one load, mostly.
  template <class Free, class Damaged>
  bool collect(Free free, Damaged damaged) {
    if (!has_come_.load(std::memory_order_relaxed)) return false;
    has_come_.store(false, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);  // a chain that comes after the look below says so again
    for (std::atomic<Freed*>& slot : incoming_) {
      const Freed* block = slot.load(std::memory_order_acquire);
      if (block == nullptr) continue;
      slot.store(nullptr, std::memory_order_release);
      while (block != nullptr) {
        const Freed* const next = block->next;
        if (block->check != check(*block, next)) damaged(block);
        free(const_cast<Freed*>(block));
        block = next;
      }
    }
    return true;
  }

 private:
  struct Freed {
    Freed* next;
    std::uintptr_t check;
  };
  struct Chain {
    Freed* first;
    std::uint32_t blocks;
  };
  static std::uintptr_t check(const Freed& block, const Freed* next) {
    return ~(reinterpret_cast<std::uintptr_t>(&block) ^ reinterpret_cast<std::uintptr_t>(next));
  }

  std::array<Chain, kMaxCores> outgoing_;
  std::uint64_t sent_;
  alignas(64) std::atomic<bool> has_come_;
  std::array<std::atomic<Freed*>, kMaxCores> incoming_;
};

}  // namespace toro::memory
