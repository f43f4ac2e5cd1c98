// Threads, of any cores, that wait until something changes.
#pragma once

#include <atomic>

#include "kernel/include/toro/detail/thread.hpp"
#include "kernel/network/object.hpp"

namespace toro::inet {

/// A thread's interest in one thing. Several may raise the same word, which the thread waits for.
struct Watch {
  Links<Watch> links;
  std::atomic<std::uint32_t>* raised = nullptr;
  void (*mark)(Watch& watch) = nullptr;  ///< called before the word is raised; may take spin locks, and nothing else

  /// The word, where somebody may wait for it: he is to be woken.
  [[nodiscard]] std::atomic<std::uint32_t>* raise() {
    if (mark != nullptr) mark(*this);
    return raised->exchange(1, std::memory_order_acq_rel) == 0 ? raised : nullptr;
  }
};

/// Of one thing; used while nobody else is at its interface.
class WatchList {
 public:
  void add(Watch& watch) { watches_.push(watch); }
  void remove(Watch& watch) { watches_.remove(watch); }
  void raise() {
    for (Watch* watch = watches_.first(); watch != nullptr; watch = watches_.next(*watch))
      if (auto* const word = watch->raise()) toro::detail::wake(*word, 1);
  }

 private:
  List<Watch, &Watch::links> watches_;
};

}  // namespace toro::inet
