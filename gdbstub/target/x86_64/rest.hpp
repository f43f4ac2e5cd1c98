// Sleep of a core that stands in the stub, until an NMI ends it.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub::x86_64 {

/// Who ends it takes `wanted` away first and sends the NMI then: it is not lost, wherever it finds the core. A rest
/// that an NMI ended leaves NMIs blocked, up to the iret that ends the core's own trap: one that came for it, on the
/// stack that the next would take, is not overwritten.
class Rest {
 public:
  /// Of the core itself, interrupts off, on a trap stack that an NMI does not take. Sleeps unless, or until, nobody
  /// wants it to.
  void take();
  /// By the handler of an NMI, of the same core: goes on behind take() where that is to end, else returns.
  void on_nmi(const arch::TrapFrame& frame) const;

  /// Whether the core is to rest: set by itself, before it looks whether it has reason to.
  void begin() { wanted_ = true; }
  /// By the core that acts: whether it must send an NMI.
  [[nodiscard]] bool end() { return wanted_.exchange(false); }

 private:
  std::atomic<bool> wanted_;
  std::uint64_t stack_pointer_;
};

}  // namespace toro::gdbstub::x86_64
