// How the machine goes on: to run, to step, to step within a range; past breakpoints; and where it stands afterwards.
#pragma once

#include <cstdint>

#include "gdbstub/protocol/types.hpp"
#include "gdbstub/target/x86_64/machine.hpp"
#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub::x86_64 {

enum class StepResult : std::uint8_t {
  not_ours,    ///< nobody had asked for this trap
  go_on,       ///< the machine is to run further
  finished,    ///< the step is done
  breakpoint,  ///< the step ended on a breakpoint
};

class RunControl {
 public:
  explicit RunControl(Machine& machine) : machine_(machine) {}

  /// Sets the frame and the breakpoints up. StepResult::finished: the step is done already, without running anything.
  [[nodiscard]] StepResult start(arch::TrapFrame& frame, const ResumeRequest& request);
  /// Lets everything run, and forgets.
  void release(arch::TrapFrame& frame);

  enum class AfterStep : std::uint8_t { as_requested, stand };
  /// A trap after a single instruction; `stand` where the machine stops in any case.
  [[nodiscard]] StepResult on_trap(arch::TrapFrame& frame, AfterStep then);
  /// A breakpoint in memory was met; the frame is back on its address.
  [[nodiscard]] StepResult on_breakpoint(arch::TrapFrame& frame);
  /// Breakpoints were taken out of memory since the machine was set to go on, and are to be in it as that demands.
  void put_back(const arch::TrapFrame& frame);
  /// The machine has stopped, for whatever reason: takes back what a step had changed in the frame.
  void on_stop(arch::TrapFrame& frame);

  /// Whether a range is being stepped through, which nobody else would interrupt while interrupts are off.
  [[nodiscard]] bool in_range() const { return motion_ == Motion::range; }

 private:
  enum class Motion : std::uint8_t { run, step_over, step, range };

  [[nodiscard]] StepResult begin_step(arch::TrapFrame& frame);
  [[nodiscard]] bool emulate(arch::TrapFrame& frame);
  [[nodiscard]] StepResult after_step(arch::TrapFrame& frame);
  void restore_interrupt_flag(arch::TrapFrame& frame);
  void wait_for_thread(ThreadId thread);
  [[nodiscard]] bool within_range(std::uint64_t address) const {
    return address >= range_start_ && address < range_end_;
  }

  Machine& machine_;
  Motion motion_ = Motion::run;
  ThreadId thread_ = ThreadId::any;    ///< which steps
  ThreadId awaited_ = ThreadId::any;   ///< the step ends when the scheduler comes to this one
  std::uint64_t awaited_address_ = 0;  ///< where that is
  bool awaited_breakpoint_ = false;    ///< that address holds a breakpoint of ours, not of the client's
  std::uint64_t range_start_ = 0;
  std::uint64_t range_end_ = 0;
  std::uint64_t stop_address_ = 0;    ///< where the client last saw it stand
  std::uint64_t interrupt_flag_ = 0;  ///< as it was before the step masked it
  bool masked_ = false;
  bool keeps_flag_ = false;  ///< the masked instruction itself decides the flag
  bool stray_trap_ = false;  ///< a frame that waits somewhere still has the trap flag of a step given up
};

}  // namespace toro::gdbstub::x86_64
