// What lies at the watchpoints: for a processor whose debug registers cannot fire at a single step.
#pragma once

#include <array>
#include <cstdint>

#include "gdbstub/target/x86_64/debug_registers.hpp"

namespace toro::gdbstub::x86_64 {

class WatchedMemory {
 public:
  /// Whether this processor raises two debug exceptions where a single step touches watched memory: the second one, at
  /// the first instruction of the handler, takes the stack of the first, and where the step was is lost. QEMU's
  /// emulation does. [QEMU 7.2 target/i386/tcg/bpt_helper.c, helper_single_step, breakpoint_handler]
  [[nodiscard]] static bool is_needed();

  /// Before the step.
  void take(const DebugRegisters& registers);
  /// After it: a bit of each watchpoint whose memory has changed, as in DR6.
  [[nodiscard]] std::uint64_t changes(const DebugRegisters& registers) const;

 private:
  std::array<std::uint64_t, DebugRegisters::kCount> values_;
};

}  // namespace toro::gdbstub::x86_64
