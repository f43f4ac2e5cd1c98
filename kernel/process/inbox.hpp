// What other cores have asked of this one.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/process/message_ring.hpp"

namespace toro::process {

class Inbox;

/// A message to another core, being written: no thread of this core may run between its making and send().
class Outgoing {
 public:
  /// Waits, yielding, while the ring to `core` is full. Threads only.
  explicit Outgoing(unsigned core);
  [[nodiscard]] Message& message() const { return *message_; }
  void send();

 private:
  Inbox& to_;
  unsigned core_;
  unsigned from_;
  Message* message_ = nullptr;
};

/// Whether the next send() to `core`, which has started, does not wait. Threads and messages.
[[nodiscard]] bool has_room(unsigned core);

/// Calls `run` on `core` (another than the caller's) with a copy of `payload`, in order with this core's other messages
/// to it. `run` must not block: it runs with interrupts off, when the receiving core is idle or one of its threads
/// yields. Threads only: waits, yielding, while the ring is full.
template <class T>
void send(unsigned core, Message::Run run, const T& payload) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= Message::kMaxPayload && alignof(T) <= 16);
  Outgoing outgoing(core);
  outgoing.message().run = run;
  __builtin_memcpy(outgoing.message().payload, &payload, sizeof(T));
  outgoing.send();
}

/// A core's own side. Interrupts must be off.
class Inbox {
 public:
  /// Whether a message waits: one load and one comparison for each eight cores.
  [[nodiscard]] bool pending() const {
    if (arch::toro_core_count == 1) return false;
    if (word(written_, 0) != word(taken_, 0)) return true;
    for (unsigned i = kCountersPerWord; i < arch::toro_core_count; i += kCountersPerWord)
      if (word(written_, i) != word(taken_, i)) return true;
    return false;
  }

  /// Runs what has come.
  void receive();

  /// Announces that the core will halt: from now on who sends to it wakes it. False when something has come meanwhile,
  /// and the announcement is taken back.
  [[nodiscard]] bool begin_halt();
  void end_halt() { halted_.store(false, std::memory_order_relaxed); }

  /// Whether messages wait for another core, as seen from this one.
  [[nodiscard]] static bool pending_on(unsigned core);

 private:
  using Counters = std::atomic<std::uint8_t>[arch::kMaxCores];
  static constexpr unsigned kCountersPerWord = 8;

  /// Eight counters at once, from the i-th on. Each of them is whole, and that is all that is asked of the eight.
  static std::uint64_t word(const Counters& counters, unsigned i) {
    static_assert(sizeof(Counters) == arch::kMaxCores);
    std::uint64_t value;
    asm volatile("movq %1, %0" : "=r"(value) : "m"(reinterpret_cast<const char (&)[8]>(counters[i])));
    return value;
  }

  friend class Outgoing;
  friend bool has_room(unsigned core);
  friend struct MailboxTable;
  friend struct ObjectTables;

  static MessageRing& make_ring(unsigned core);
  void receive_all();
  void receive_from(unsigned sender);

  /// Messages ever written, by sender, modulo 256. Each is stored by its sender only.
  alignas(64) Counters written_;
  /// Of these, how many have been taken out. Stored by the core itself.
  alignas(64) Counters taken_;
  alignas(64) std::atomic<bool> halted_;
  /// By sender, who makes its ring with the first message.
  std::atomic<MessageRing*> rings_[arch::kMaxCores];
};

extern arch::PerCore<Inbox> inboxes;

/// This core's.
[[nodiscard]] inline Inbox& inbox() {
  return *inboxes;
}

}  // namespace toro::process
