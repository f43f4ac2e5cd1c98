#include "gdbstub/target/x86_64/stub.hpp"

#include <array>
#include <new>
#include <utility>

#include "gdbstub/protocol/session.hpp"
#include "gdbstub/target/x86_64/exceptions.hpp"
#include "gdbstub/target/x86_64/run_control.hpp"
#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::gdbstub {

namespace {

using arch::Exception;
using arch::TrapFrame;
using x86_64::StepResult;

std::uint64_t read_dr6() {
  std::uint64_t value;
  asm volatile("mov %%dr6, %0" : "=r"(value));
  return value;
}
void write_dr6(std::uint64_t value) {
  asm volatile("mov %0, %%dr6" ::"r"(value));
}
void write_dr7(std::uint64_t value) {
  asm volatile("mov %0, %%dr7" ::"r"(value) : "memory");
}

void load_debug_registers(const x86_64::DebugRegisters& registers) {
  const auto& slots = registers.slots();
  asm volatile("mov %0, %%dr0" ::"r"(slots[0].address));
  asm volatile("mov %0, %%dr1" ::"r"(slots[1].address));
  asm volatile("mov %0, %%dr2" ::"r"(slots[2].address));
  asm volatile("mov %0, %%dr3" ::"r"(slots[3].address));
  write_dr7(registers.dr7());
}

/// A sentence of limited length.
class Sentence final : public TextWriter {
 public:
  void put(char character) override {
    if (size_ < text_.size()) text_[size_++] = character;
  }
  void clear() { size_ = 0; }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 160> text_;
  std::size_t size_ = 0;
};

StopReason reason_of(BreakpointKind kind) {
  switch (kind) {
    case BreakpointKind::write:
      return StopReason::write_watchpoint;
    case BreakpointKind::read:
      return StopReason::read_watchpoint;
    case BreakpointKind::access:
      return StopReason::access_watchpoint;
    default:
      return StopReason::hardware_breakpoint;
  }
}

class Stub {
 public:
  explicit Stub(const Configuration& configuration)
      : configuration_(configuration), machine_(configuration.protected_text) {}

  bool on_exception(TrapFrame& frame);
  void on_interrupt(TrapFrame& frame);
  void wait() { waiting_ = true; }
  void report_exit(std::uint8_t status) { session_.exited(status); }

 private:
  /// What an exception means.
  enum class Verdict : std::uint8_t { resume, stop, not_ours };

  /// The stub runs, alone, until this ends: the debug registers sleep, and its own exceptions spare the frame.
  class Entered;

  Verdict judge(TrapFrame& frame, StopEvent& event);
  Verdict judge_debug(TrapFrame& frame, StopEvent& event);
  Verdict judge_breakpoint(TrapFrame& frame, StopEvent& event);
  bool within_stub(TrapFrame& frame);
  bool stop(TrapFrame& frame, StopEvent event);
  void serve();
  bool resume(TrapFrame& frame, StopEvent& event);
  bool has_byte();
  bool take_byte(char& byte);
  void forget_departed();
  bool wanted_while_running(StopEvent& event);

  Configuration configuration_;
  x86_64::Machine machine_;
  x86_64::RunControl run_{machine_};
  Session session_{machine_, configuration_.transport};
  Sentence sentence_;
  std::array<char, 512> received_;
  std::size_t received_size_ = 0;
  std::size_t received_used_ = 0;
  unsigned range_steps_ = 0;
  bool inside_ = false;
  bool lifted_ = false;    ///< the stub met a breakpoint itself, and took it out of its way
  bool nmi_came_ = false;  ///< while the stub ran
  bool waiting_ = false;   ///< for a debugger that has not spoken yet
};

class Stub::Entered {
 public:
  Entered(Stub& stub, const TrapFrame& frame) : stub_(stub), frame_(frame) {
    stub_.inside_ = true;
    if (stub_.session_.attached()) write_dr7(x86_64::kDr7Disabled);
  }
  ~Entered() {
    if (std::exchange(stub_.lifted_, false)) stub_.run_.put_back(frame_);
    if (stub_.session_.attached()) load_debug_registers(stub_.machine_.hardware());
    stub_.inside_ = false;
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

 private:
  Stub& stub_;
  const TrapFrame& frame_;
  arch::AlternateTrapStacks stacks_;
};

bool Stub::on_exception(TrapFrame& frame) {
  if (inside_) return within_stub(frame);
  const Entered entered(*this, frame);
  StopEvent event;
  switch (judge(frame, event)) {
    case Verdict::resume:
      return true;
    case Verdict::not_ours:
      return false;
    case Verdict::stop:
      return stop(frame, event);
  }
  return false;
}

// The stub shares code with the kernel, so before its breakpoints are out of memory it may meet one itself.
bool Stub::within_stub(TrapFrame& frame) {
  switch (static_cast<Exception>(frame.vector)) {
    case Exception::nmi:
      nmi_came_ = true;
      return true;
    case Exception::breakpoint:
      if (!machine_.software().unpatch(frame.rip - 1)) return false;
      --frame.rip;
      lifted_ = true;
      return true;
    case Exception::debug:
      write_dr6(x86_64::kDr6Clear);
      return true;
    default:
      return false;
  }
}

Stub::Verdict Stub::judge(TrapFrame& frame, StopEvent& event) {
  switch (static_cast<Exception>(frame.vector)) {
    case Exception::debug:
      return judge_debug(frame, event);
    case Exception::breakpoint:
      return judge_breakpoint(frame, event);
    case Exception::nmi:
      // The host's way to be heard where interrupts are off: also by a debugger that has just come.
      if (wanted_while_running(event)) return Verdict::stop;
      // Sent for a debugger that has gone meanwhile, it is no reason to panic.
      if (!session_.attached()) return configuration_.transport.was_used() ? Verdict::resume : Verdict::not_ours;
      event = {.reason = StopReason::interrupt, .signal = Signal::interrupt};
      return Verdict::stop;
    case Exception::page_fault:
      // A debugger that calls a function lets it return to a breakpoint on the stack, where nothing is executed.
      if (machine_.software().is_patched(frame.rip)) {
        event = {.reason = StopReason::software_breakpoint};
        return Verdict::stop;
      }
      [[fallthrough]];
    default:
      if (!session_.attached()) return Verdict::not_ours;
      sentence_.clear();
      x86_64::describe_exception(sentence_, frame.vector, frame.error_code, arch::read_cr2());
      event = {
          .reason = StopReason::exception, .signal = x86_64::signal_of(frame.vector), .description = sentence_.view()};
      return Verdict::stop;
  }
}

Stub::Verdict Stub::judge_debug(TrapFrame& frame, StopEvent& event) {
  const std::uint64_t dr6 = read_dr6();
  write_dr6(x86_64::kDr6Clear);
  const bool stepped = (dr6 & x86_64::kDr6SingleStep) != 0;
  // A step that also touched watched memory ends with the watchpoint: the step itself needs no telling.
  if (const auto hit = machine_.hardware().hit(dr6)) {
    if (stepped) static_cast<void>(run_.on_trap(frame, x86_64::RunControl::AfterStep::stand));
    event = {.reason = reason_of(hit->kind), .address = hit->address};
    return Verdict::stop;
  }
  if (stepped) {
    switch (run_.on_trap(frame, x86_64::RunControl::AfterStep::as_requested)) {
      case StepResult::finished:
        event = {.reason = StopReason::step};
        return Verdict::stop;
      case StepResult::breakpoint:
        event = {.reason = StopReason::software_breakpoint};
        return Verdict::stop;
      case StepResult::go_on:
        // Nobody hears the debugger while a range is stepped through with interrupts off.
        if (!run_.in_range() || ++range_steps_ % 256 != 0 || !wanted_while_running(event)) return Verdict::resume;
        return Verdict::stop;
      case StepResult::not_ours:
        break;
    }
  }
  if (!session_.attached()) return Verdict::not_ours;
  event = {.reason = StopReason::program_trap};
  return Verdict::stop;
}

Stub::Verdict Stub::judge_breakpoint(TrapFrame& frame, StopEvent& event) {
  if (machine_.software().is_patched(frame.rip - 1)) {
    --frame.rip;
    switch (run_.on_breakpoint(frame)) {
      case StepResult::finished:
        event = {.reason = StopReason::step};
        break;
      case StepResult::go_on:
        return Verdict::resume;
      default:
        event = {.reason = StopReason::software_breakpoint};
    }
    return Verdict::stop;
  }
  if (!session_.attached() && !waiting_) return Verdict::not_ours;
  event = {.reason = StopReason::program_trap};
  return Verdict::stop;
}

bool Stub::has_byte() {
  if (received_used_ == received_size_) {
    received_used_ = 0;
    received_size_ = configuration_.transport.receive(received_);
  }
  return received_used_ != received_size_;
}

bool Stub::take_byte(char& byte) {
  if (!has_byte()) return false;
  byte = received_[received_used_++];
  return true;
}

/// With interrupts off nobody hears a debugger go, and another one may be there already: what the first was promised
/// is not for its ears.
void Stub::forget_departed() {
  if (has_byte() || configuration_.transport.connected()) return;
  if (session_.attached()) {
    session_.disconnected();
    write_dr7(x86_64::kDr7Disabled);
  }
  static_cast<void>(has_byte());  // the line tells of one's going before it tells of the next one's coming
}

bool Stub::wanted_while_running(StopEvent& event) {
  if (nmi_came_ && session_.attached()) {
    nmi_came_ = false;
    event = {.reason = StopReason::interrupt, .signal = Signal::interrupt};
    return true;
  }
  forget_departed();
  char byte;
  while (take_byte(byte)) {
    switch (session_.receive_while_running(byte)) {
      case Session::WhileRunning::ignored:
        break;
      case Session::WhileRunning::break_in:
        if (!session_.attached()) break;
        event = {.reason = StopReason::interrupt, .signal = Signal::interrupt};
        return true;
      case Session::WhileRunning::packet:
        --received_used_;
        event = {.reason = StopReason::interrupt, .signal = Signal::trap};
        return true;
    }
  }
  return false;
}

void Stub::on_interrupt(TrapFrame& frame) {
  if (inside_) return;
  const Entered entered(*this, frame);
  StopEvent event;
  if (wanted_while_running(event)) static_cast<void>(stop(frame, event));
}

void Stub::serve() {
  while (session_.next() == Next::serve) {
    char byte;
    if (take_byte(byte)) {
      session_.receive(byte);
      if (session_.attached()) waiting_ = false;
    } else if (!waiting_ && !configuration_.transport.connected()) {
      session_.disconnected();
    } else {
      asm volatile("pause");
    }
  }
}

/// Carries out what the client asked for. False: it is done already, and `event` says how.
bool Stub::resume(TrapFrame& frame, StopEvent& event) {
  const StepResult result = run_.start(frame, session_.request());
  if (result == StepResult::go_on) {
    if (!wanted_while_running(event)) return true;
    machine_.software().unpatch_all();
    lifted_ = false;
    run_.on_stop(frame);
    return false;
  }
  event = {.reason = result == StepResult::breakpoint ? StopReason::software_breakpoint : StopReason::step};
  run_.on_stop(frame);
  return false;
}

bool Stub::stop(TrapFrame& frame, StopEvent event) {
  const std::uint64_t cr2 = arch::read_cr2();
  machine_.software().unpatch_all();
  lifted_ = false;
  run_.on_stop(frame);
  forget_departed();
  machine_.begin(frame, cr2);
  bool pass_on = false;
  for (bool standing = true; standing;) {
    event.thread = machine_.threads().running();
    session_.stopped(event);
    serve();
    nmi_came_ = false;  // it asked for what was so already
    switch (session_.next()) {
      case Next::serve:
        break;
      case Next::resume:
        // A signal other than the debugger's own says: let the kernel see the exception.
        pass_on = event.reason == StopReason::exception && session_.request().signal != Signal::none &&
                  session_.request().signal != Signal::trap && session_.request().signal != Signal::interrupt;
        standing = !pass_on && !resume(frame, event);
        break;
      case Next::detach:
        run_.release(frame);
        write_dr7(x86_64::kDr7Disabled);
        standing = false;
        break;
      case Next::power_off:
        configuration_.power_off();
        break;
      case Next::restart:
        configuration_.restart();
        break;
    }
  }
  machine_.end();
  return !pass_on;
}

// In .bss, and made by install(): an image that never installs the stub does not carry its buffers.
alignas(Stub) constinit std::byte storage[sizeof(Stub)] = {};
constinit Stub* stub = nullptr;

}  // namespace

void install(const Configuration& configuration) {
  stub = new (storage) Stub(configuration);
  arch::debug_hook = [](TrapFrame& frame) { return stub->on_exception(frame); };
}

void on_transport_interrupt(TrapFrame& frame) {
  if (stub != nullptr) stub->on_interrupt(frame);
}

void wait_for_debugger() {
  if (stub == nullptr) return;
  stub->wait();
  arch::toro_debug_break();
}

void report_exit(std::uint8_t status) {
  if (stub != nullptr) stub->report_exit(status);
}

}  // namespace toro::gdbstub
