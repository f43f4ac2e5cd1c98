// How the machine goes on: to run, to step, to step within a range; past breakpoints; and where it stands afterwards.
#pragma once

#include <cstdint>
#include <optional>

#include "gdbstub/protocol/types.hpp"
#include "gdbstub/target/x86_64/machine.hpp"
#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub::x86_64 {

inline constexpr std::uint64_t kTrapFlag = 1u << 8;

enum class StepResult : std::uint8_t {
  not_ours,    ///< nobody had asked for this trap
  go_on,       ///< the machine is to run further
  finished,    ///< the step is done
  breakpoint,  ///< the step ended on a breakpoint
};

class RunControl {
 public:
  explicit RunControl(Machine& machine) : machine_(machine) {}

  /// Sets the frames and the breakpoints up. StepResult::finished: the step is done already, without running anything.
  [[nodiscard]] StepResult start(const ResumeRequest& request);
  /// Lets everything run, and forgets.
  void release();

  enum class AfterStep : std::uint8_t { as_requested, stand };
  /// The calling core took a trap after a single instruction; `stand` where the machine stops in any case.
  [[nodiscard]] StepResult on_trap(arch::TrapFrame& frame, AfterStep then);
  /// The calling core met a breakpoint in memory; the frame is back on its address.
  [[nodiscard]] StepResult on_breakpoint(arch::TrapFrame& frame);
  /// Breakpoints were taken out of memory since the machine was set to go on, and are to be in it as that demands.
  void put_back();
  /// The machine has stopped, for whatever reason, met by this core: takes back what a step had changed.
  void on_stop(unsigned core);

  /// Which core may run, where not all may: while a breakpoint is out of memory for one, no other may pass it.
  [[nodiscard]] std::optional<unsigned> alone() const {
    return masked_ || alone_ ? std::optional(core_) : std::nullopt;
  }
  /// The core that steps, or stepped last.
  [[nodiscard]] unsigned core() const { return core_; }
  /// Whether a range is being stepped through, which nobody else would interrupt while interrupts are off.
  [[nodiscard]] bool in_range() const { return motion_ == Motion::range; }

 private:
  enum class Motion : std::uint8_t { run, step_over, step, range };

  [[nodiscard]] StepResult begin_step(arch::TrapFrame& frame);
  [[nodiscard]] bool emulate(arch::TrapFrame& frame);
  [[nodiscard]] StepResult after_step(arch::TrapFrame& frame);
  void mask(const arch::TrapFrame& frame);
  void restore_interrupt_flag(arch::TrapFrame& frame);
  void wait_for_thread(ThreadId thread);
  [[nodiscard]] bool within_range(std::uint64_t address) const {
    return address >= range_start_ && address < range_end_;
  }

  Machine& machine_;
  Motion motion_ = Motion::run;
  ThreadId thread_ = ThreadId::any;    ///< which steps
  unsigned core_ = 0;                  ///< on this core
  bool alone_ = false;                 ///< the others stand meanwhile
  ThreadId awaited_ = ThreadId::any;   ///< the step ends when the scheduler comes to this one
  std::uint64_t awaited_address_ = 0;  ///< where that is
  bool awaited_breakpoint_ = false;    ///< that address holds a breakpoint of ours, not of the client's
  std::uint64_t range_start_ = 0;
  std::uint64_t range_end_ = 0;
  unsigned stop_core_ = 0;            ///< the one that the client last saw stopping
  std::uint64_t stop_address_ = 0;    ///< where that was
  std::uint64_t interrupt_flag_ = 0;  ///< as it was before the step masked it
  bool masked_ = false;               ///< steps over a breakpoint
  std::uint64_t masked_address_ = 0;  ///< that one
  bool keeps_flag_ = false;           ///< the masked instruction itself decides the flag
  std::uint64_t stray_traps_ = 0;     ///< a bit for each core where a frame still has the trap flag of a step given up
};

}  // namespace toro::gdbstub::x86_64
