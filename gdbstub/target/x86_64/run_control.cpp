#include "gdbstub/target/x86_64/run_control.hpp"

#include <array>

#include "gdbstub/target/x86_64/instruction.hpp"
#include "gdbstub/target/x86_64/memory.hpp"
#include "gdbstub/target/x86_64/threads.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/per_core.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

constexpr std::uint64_t kInterruptFlag = 1u << 9;
constexpr std::uint64_t kResumeFlag = 1u << 16;
constexpr std::uint64_t kVirtual8086 = 1u << 17;

Instruction instruction_at(std::uint64_t address) {
  std::array<std::byte, kLongestInstruction> bytes;
  return classify(std::span(bytes).first(read_memory(address, bytes)));
}

/// `syscall`, without running it. [SDM 2B, SYSCALL]
bool emulate_system_call(arch::TrapFrame& frame, std::uint8_t length) {
  constexpr std::uint64_t kSystemCallEnable = 1;
  if ((arch::read_msr(arch::Msr::efer) & kSystemCallEnable) == 0) return false;
  const std::uint64_t selectors = arch::read_msr(arch::Msr::star) >> 32 & 0xffff;
  frame.rcx = frame.rip + length;
  frame.r11 = frame.rflags & ~kResumeFlag;
  frame.rip = arch::read_msr(arch::Msr::lstar);
  frame.rflags = (frame.rflags & ~arch::read_msr(arch::Msr::fmask) & ~kResumeFlag) | 2;
  frame.cs = selectors & 0xfffc;
  frame.ss = selectors + 8;
  return true;
}

}  // namespace

// What the step's own flags would leak into, and what would sleep, is done by hand.
bool RunControl::emulate(arch::TrapFrame& frame) {
  const Instruction instruction = instruction_at(frame.rip);
  keeps_flag_ = instruction.kind == InstructionKind::changes_interrupt_flag;
  switch (instruction.kind) {
    case InstructionKind::halt:
      break;  // as if an interrupt had come at once
    case InstructionKind::push_flags:
      if (!write_object(frame.rsp - 8, frame.rflags & ~(kResumeFlag | kVirtual8086))) return false;
      frame.rsp -= 8;
      break;
    case InstructionKind::system_call:
      return emulate_system_call(frame, instruction.length);
    default:
      return false;
  }
  frame.rip += instruction.length;
  frame.rflags &= ~kResumeFlag;
  return true;
}

StepResult RunControl::start(const ResumeRequest& request) {
  thread_ = request.thread;
  alone_ = !request.others_run;
  if (!alone_) {
    machine_.give_back_cores();
  } else if (!machine_.lend_core(thread_)) {
    return StepResult::finished;
  }
  const Threads::Place place = machine_.threads().place_of(thread_);
  const bool runs = place.runs && Cores::standing(place.core) != nullptr;
  core_ = runs && (alone_ || request.action != ResumeAction::run) ? place.core : stop_core_;
  CoreRegisters* const registers = Cores::standing(core_);
  if (registers == nullptr) return StepResult::finished;
  arch::TrapFrame& frame = registers->frame();
  range_start_ = request.range_start;
  range_end_ = request.range_end;
  switch (request.action) {
    case ResumeAction::run:
      motion_ = Motion::run;
      break;
    case ResumeAction::step:
      motion_ = Motion::step;
      break;
    case ResumeAction::step_range:
      motion_ = Motion::range;
      break;
    case ResumeAction::reverse_run:
    case ResumeAction::reverse_step:
      break;  // Machine::can_reverse() says no
  }
  if (motion_ != Motion::run && !runs) {
    wait_for_thread(thread_);
    motion_ = Motion::run;
  }
  // A step from where it stood passes the breakpoint there; a client that moved rip onto one wants to meet it. So does
  // one that goes on with a breakpoint in memory there: it takes it out, and steps, where it wants to pass it.
  const bool unmoved = !registers->take_moved() && core_ == stop_core_ && frame.rip == stop_address_;
  if (unmoved && machine_.hardware().executes_at(frame.rip)) frame.rflags |= kResumeFlag;
  if (unmoved && motion_ != Motion::run && machine_.software().contains(frame.rip)) {
    mask(frame);
    return begin_step(frame);
  }
  if (motion_ == Motion::run) {
    machine_.software().patch_all();
    return StepResult::go_on;
  }
  return begin_step(frame);
}

// Nobody may run meanwhile, neither another core nor a handler: it would miss the breakpoint, or meet another in the
// middle of the step.
void RunControl::mask(const arch::TrapFrame& frame) {
  interrupt_flag_ = frame.rflags & kInterruptFlag;
  masked_ = true;
  masked_address_ = frame.rip;
}

StepResult RunControl::begin_step(arch::TrapFrame& frame) {
  if (emulate(frame)) {
    masked_ = false;
    return after_step(frame);
  }
  frame.rflags |= kTrapFlag;
  if (masked_) frame.rflags &= ~kInterruptFlag;
  put_back();
  return StepResult::go_on;
}

StepResult RunControl::after_step(arch::TrapFrame& frame) {
  switch (motion_) {
    case Motion::run:
    case Motion::step_over:
      motion_ = Motion::run;
      machine_.software().patch_all();
      return StepResult::go_on;
    case Motion::step:
      break;
    case Motion::range:
      if (!within_range(frame.rip) || machine_.threads().running_on(core_) != thread_) break;
      if (!machine_.software().contains(frame.rip)) return begin_step(frame);
      motion_ = Motion::run;
      return StepResult::breakpoint;
  }
  motion_ = Motion::run;
  return StepResult::finished;
}

void RunControl::restore_interrupt_flag(arch::TrapFrame& frame) {
  if (masked_) frame.rflags = (frame.rflags & ~kInterruptFlag) | interrupt_flag_;
  masked_ = false;
}

StepResult RunControl::on_trap(arch::TrapFrame& frame, AfterStep then) {
  const unsigned here = arch::this_core();
  if (motion_ == Motion::run || here != core_) {
    const std::uint64_t stray = std::uint64_t{1} << here;
    if ((stray_traps_ & stray) == 0) return StepResult::not_ours;
    stray_traps_ &= ~stray;
    frame.rflags &= ~kTrapFlag;
    return StepResult::go_on;
  }
  frame.rflags &= ~kTrapFlag;
  if (keeps_flag_) masked_ = false;
  restore_interrupt_flag(frame);
  if (then == AfterStep::as_requested) return after_step(frame);
  motion_ = Motion::run;
  return StepResult::finished;
}

// A saved flow goes on behind the call that switched away from it; many stand at the same place.
void RunControl::wait_for_thread(ThreadId thread) {
  const std::uint64_t address = machine_.goes_on_at(thread);
  awaited_breakpoint_ = !machine_.software().contains(address);
  if (machine_.software().insert(address) != BreakpointResult::done) return;
  awaited_ = thread;
  awaited_address_ = address;
}

StepResult RunControl::on_breakpoint(arch::TrapFrame& frame) {
  if (awaited_ == ThreadId::any || frame.rip != awaited_address_) return StepResult::breakpoint;
  core_ = arch::this_core();
  if (machine_.threads().running_on(core_) == awaited_) return StepResult::finished;
  if (!awaited_breakpoint_) return StepResult::breakpoint;
  machine_.cores().stop_others();
  machine_.software().unpatch(frame.rip);
  motion_ = Motion::step_over;
  mask(frame);
  return begin_step(frame);
}

void RunControl::put_back() {
  if (masked_) {
    machine_.software().patch_all_except(masked_address_);
  } else {
    machine_.software().patch_all();
  }
}

void RunControl::on_stop(unsigned core) {
  if (motion_ != Motion::run) {
    CoreRegisters* const stepped = Cores::standing(core_);
    // Without the flag, this frame is not the stepped one but of a handler above it.
    if (stepped == nullptr || (stepped->frame().rflags & kTrapFlag) == 0) {
      stray_traps_ |= std::uint64_t{1} << core_;
    }
    if (stepped != nullptr) {
      stepped->frame().rflags &= ~kTrapFlag;
      restore_interrupt_flag(stepped->frame());
    }
    motion_ = Motion::run;
  }
  masked_ = alone_ = false;
  if (awaited_ != ThreadId::any && awaited_breakpoint_) machine_.software().remove(awaited_address_);
  awaited_ = ThreadId::any;
  stop_core_ = core;
  const CoreRegisters* const stopped = Cores::standing(core);
  stop_address_ = stopped != nullptr ? stopped->frame().rip : 0;
}

void RunControl::release() {
  ResumeRequest request;
  request.thread = machine_.threads().running_on(stop_core_);
  static_cast<void>(start(request));
}

}  // namespace toro::gdbstub::x86_64
