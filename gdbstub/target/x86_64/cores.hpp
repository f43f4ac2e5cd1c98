// The cores on their way into a standstill and out of it: one acts for all, the others stand in their trap handlers.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "gdbstub/target/x86_64/core_registers.hpp"
#include "kernel/arch/x86_64/per_core.hpp"

namespace toro::gdbstub::x86_64 {

/// Each core comes by itself, for what it met or because it was called by NMI. What it met while another acted is lost
/// only where it will meet it again: it goes back and tries, but for watchpoints, which are kept until somebody asks.
/// The stub's own data and all breakpoints belong to the core that acts; what a running core reads of them (which
/// breakpoints there are) changes only while all others stand.
class Cores {
 public:
  /// Lives from a core's first step into the stub to its last, around everything of which a core has but one (its trap
  /// stacks): an NMI that finds one is answered by it.
  class Presence {
   public:
    Presence();
    ~Presence();
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
  };
  /// Whether the calling core is in the stub.
  [[nodiscard]] bool present() const;

  /// The calling core has come with this frame, and this in DR6 if that is why. True: it acts, alone; those that run go
  /// on running. False: it stood while another acted, and what it came for is settled.
  [[nodiscard]] bool enter(arch::TrapFrame& frame, std::uint64_t dr6);
  /// Like enter(), for one that has nothing to show and never lets go; not for ever where another does not.
  void seize();

  // Of the core that acts:

  /// Stops all others and waits for them, except those that do not answer.
  void stop_others();
  /// Calls those that have come up since. Does not wait. Whether none is left that may yet run.
  bool stop_late();
  /// The core that acts is about to sleep: an NMI from here on ends that, or keeps it from beginning.
  void begin_sleep();
  void sleep();
  void end_sleep();
  /// The standstill counts: whatever made them come, the others need not act on it any more.
  void settle();
  /// The calling core itself stands.
  void stand();
  /// Lets all cores run, or one alone. The calling core then leaves.
  void let_go(std::optional<unsigned> alone);
  /// After let_go(): waits until those that stood are back at what they were at, but not for ever.
  void see_off();
  /// DR6 of a core that came for that and was settled, once; 0 where there is none.
  [[nodiscard]] static std::uint64_t take_dr6(unsigned core);

  /// Goes on, as soon as this core may; its registers are its own again.
  void leave();
  /// The calling core, which is not in the stub, was called by NMI, and goes on for the moment: it is to be called
  /// again.
  void decline();
  /// The calling core, which is in the stub, was called by NMI.
  void on_nmi(const arch::TrapFrame& frame);

  /// A core's registers; null where it does not stand.
  [[nodiscard]] static CoreRegisters* standing(unsigned core);
  /// Whether a core has come so far in its start that it has threads, and can take an NMI.
  [[nodiscard]] static bool is_up(unsigned core);
  /// Whether it has been called so often that a core may be called in vain.
  [[nodiscard]] bool has_called() const { return has_called_; }

 private:
  [[nodiscard]] bool is_held() const;
  [[nodiscard]] bool take();
  [[nodiscard]] bool call(unsigned core);
  void rest();

  std::atomic<std::uint64_t> held_ = 0;    ///< a bit for each core that is to stand
  std::atomic<std::uint32_t> acting_ = 0;  ///< 1 + the core that acts; 0 while none does
  std::atomic<bool> has_called_ = false;
};
static_assert(arch::kMaxCores <= 64);

}  // namespace toro::gdbstub::x86_64
