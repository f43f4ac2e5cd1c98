#include "gdbstub/target/x86_64/stub.hpp"

#include <array>
#include <new>
#include <utility>

#include "gdbstub/protocol/session.hpp"
#include "gdbstub/target/x86_64/exceptions.hpp"
#include "gdbstub/target/x86_64/memory.hpp"
#include "gdbstub/target/x86_64/run_control.hpp"
#include "gdbstub/target/x86_64/threads.hpp"
#include "gdbstub/target/x86_64/watched_memory.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/tlb.hpp"

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

void load_debug_registers(const x86_64::DebugRegisters& registers, x86_64::DebugRegisters::Fire fire) {
  const auto& slots = registers.slots();
  asm volatile("mov %0, %%dr0" ::"r"(slots[0].address));
  asm volatile("mov %0, %%dr1" ::"r"(slots[1].address));
  asm volatile("mov %0, %%dr2" ::"r"(slots[2].address));
  asm volatile("mov %0, %%dr3" ::"r"(slots[3].address));
  write_dr7(registers.dr7(fire));
}

/// Whether a core's debug registers are in force, and whether it steps without its watchpoints, by what it watches.
TORO_PER_CORE(bool, armed);
TORO_PER_CORE(bool, watchpoints_sleep);
TORO_PER_CORE(x86_64::WatchedMemory, watched);

/// An NMI that came between `sti` and `hlt` has ended the one instruction in which no interrupt comes: what was to wake
/// the core comes before it halts, and would be slept through. [SDM 2B STI]
void pass_over_halt(TrapFrame& frame) {
  constexpr std::array<std::uint8_t, 2> kStiHlt{0xfb, 0xf4};
  if (std::array<std::uint8_t, 2> code{}; x86_64::read_object(frame.rip - 1, code) && code == kStiHlt) ++frame.rip;
}

/// An `int3` leaves rip behind itself. Sets it back, so that the core meets it again if it goes on without more ado;
/// false for the form of two bytes.
bool set_back(TrapFrame& frame) {
  std::array<std::byte, 2> behind;
  if (x86_64::read_object(frame.rip - 2, behind) && behind == std::array{std::byte{0xcd}, std::byte{3}}) return false;
  --frame.rip;
  return true;
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
  void report_exit(std::uint8_t status) {
    cores().seize();
    session_.exited(status);
    configuration_.transport.flush();
  }

 private:
  /// What an exception means.
  enum class Verdict : std::uint8_t { resume, stop, not_ours };

  /// The calling core is in the stub, until this ends: its debug registers sleep, and its own exceptions spare the
  /// frame.
  class Entered;

  x86_64::Cores& cores() { return machine_.cores(); }
  Verdict judge(TrapFrame& frame, const Entered& entered, StopEvent& event);
  Verdict judge_debug(TrapFrame& frame, std::uint64_t dr6, StopEvent& event);
  Verdict judge_breakpoint(TrapFrame& frame, bool set_back, StopEvent& event);
  [[nodiscard]] bool comes_too_early(const TrapFrame& frame) const;
  bool within_stub(TrapFrame& frame);
  bool stop(StopEvent event);
  void serve();
  bool resume(StopEvent& event, unsigned& core);
  bool take_watchpoint(StopEvent& event, unsigned& core);
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
  const bool steps_without_watchpoints_ = x86_64::WatchedMemory::is_needed();
  bool lifted_ = false;   ///< the stub met a breakpoint itself, and took it out of its way
  bool waiting_ = false;  ///< for a debugger that has not spoken yet
};

class Stub::Entered {
 public:
  Entered(Stub& stub, TrapFrame& frame) : stub_(stub), frame_(frame) {
    const bool slept = std::exchange(*watchpoints_sleep, false);
    if (frame.vector == static_cast<std::uint64_t>(Exception::debug)) {
      dr6_ = read_dr6();
      if (slept) dr6_ |= watched->changes(stub.machine_.hardware());
      write_dr6(x86_64::kDr6Clear);
    }
    if (std::exchange(*armed, false)) write_dr7(x86_64::kDr7Disabled);
    if (frame.vector == static_cast<std::uint64_t>(Exception::breakpoint)) set_back_ = toro::gdbstub::set_back(frame);
    if (frame.vector == static_cast<std::uint64_t>(Exception::nmi)) pass_over_halt(frame);
    acts_ = stub_.cores().enter(frame, dr6_);
  }
  ~Entered() {
    if (acts_) {
      if (std::exchange(stub_.lifted_, false)) stub_.run_.put_back();
      stub_.cores().let_go(stub_.run_.alone());
      if (sees_off_) stub_.cores().see_off();
    }
    stub_.cores().leave();
    if (takes_part_) arch::tlb::join();
    const x86_64::DebugRegisters& hardware = stub_.machine_.hardware();
    if (!hardware.any()) return;
    *watchpoints_sleep = stub_.steps_without_watchpoints_ && (frame_.rflags & x86_64::kTrapFlag) != 0;
    if (*watchpoints_sleep) watched->take(hardware);
    using enum x86_64::DebugRegisters::Fire;
    load_debug_registers(hardware, *watchpoints_sleep ? breakpoints : all);
    *armed = true;
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

  /// Whether this core acts; else what it came for is settled.
  [[nodiscard]] bool acts() const { return acts_; }
  [[nodiscard]] std::uint64_t dr6() const { return dr6_; }
  /// Whether the frame stands at the `int3` that it came by.
  [[nodiscard]] bool set_back() const { return set_back_; }
  /// What comes is to find the other cores out of the stub.
  void see_off() { sees_off_ = true; }

 private:
  Stub& stub_;
  const TrapFrame& frame_;
  const bool takes_part_ = arch::tlb::leave();  ///< who steps alone is not to wait for those that stand
  x86_64::Cores::Presence presence_;
  arch::AlternateTrapStacks stacks_;
  std::uint64_t dr6_ = 0;
  bool set_back_ = false;
  bool acts_ = false;
  bool sees_off_ = false;
};

bool Stub::on_exception(TrapFrame& frame) {
  if (cores().present()) return within_stub(frame);
  if (comes_too_early(frame)) {
    cores().decline();
    return true;
  }
  Entered entered(*this, frame);
  if (!entered.acts()) return true;
  StopEvent event;
  switch (judge(frame, entered, event)) {
    case Verdict::resume:
      return true;
    case Verdict::not_ours:
      return false;
    case Verdict::stop:
      if (stop(event)) return true;
      entered.see_off();  // a panic shows what each core was at
      return false;
  }
  return false;
}

/// An NMI that finds another exception's frame on its stack, at its first instructions or its last. Who stood there
/// could not be stepped: the step's own exception would take the place of that frame. The exception comes here by
/// itself, or is over soon.
bool Stub::comes_too_early(const TrapFrame& frame) const {
  return frame.vector == static_cast<std::uint64_t>(Exception::nmi) && arch::on_exception_stack(frame.rsp) &&
         configuration_.transport.was_used();
}

// The stub shares code with the kernel, so before its breakpoints are out of memory it may meet one itself.
bool Stub::within_stub(TrapFrame& frame) {
  switch (static_cast<Exception>(frame.vector)) {
    case Exception::nmi:
      cores().on_nmi(frame);
      return true;  // the core is where it was called to, and hears the line
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

Stub::Verdict Stub::judge(TrapFrame& frame, const Entered& entered, StopEvent& event) {
  switch (static_cast<Exception>(frame.vector)) {
    case Exception::debug:
      return judge_debug(frame, entered.dr6(), event);
    case Exception::breakpoint:
      return judge_breakpoint(frame, entered.set_back(), event);
    case Exception::nmi:
      // The host's way to be heard where interrupts are off. It reaches all cores at once, and may come late, as one by
      // which a core was called to a standstill may that is over: so it means nothing but to listen.
      if (wanted_while_running(event)) return Verdict::stop;
      return configuration_.transport.was_used() || cores().has_called() ? Verdict::resume : Verdict::not_ours;
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

Stub::Verdict Stub::judge_debug(TrapFrame& frame, std::uint64_t dr6, StopEvent& event) {
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
  // Of a debug register that was cleared while this core was on its way here.
  if (x86_64::tells_of_register(dr6)) return Verdict::resume;
  if (!session_.attached()) return Verdict::not_ours;
  event = {.reason = StopReason::program_trap};
  return Verdict::stop;
}

Stub::Verdict Stub::judge_breakpoint(TrapFrame& frame, bool set_back, StopEvent& event) {
  if (set_back && machine_.software().is_patched(frame.rip)) {
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
  if (set_back) {
    // One that was taken out of memory while this core was on its way here is gone; the program's own is not.
    std::byte present;
    if (x86_64::read_object(frame.rip, present) && present != x86_64::kInt3) return Verdict::resume;
    ++frame.rip;
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
    cores().stop_others();
    session_.disconnected();
  }
  static_cast<void>(has_byte());  // the line tells of one's going before it tells of the next one's coming
}

bool Stub::wanted_while_running(StopEvent& event) {
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
  if (cores().present()) return;
  const Entered entered(*this, frame);
  StopEvent event;
  if (entered.acts() && wanted_while_running(event)) static_cast<void>(stop(event));
}

// Between two questions the core sleeps, however soon the next one comes: awake it would keep a processor of the host
// from those who bring it.
void Stub::serve() {
  bool to_sleep = false;
  while (session_.next() == Next::serve) {
    char byte;
    if (take_byte(byte)) {
      session_.receive(byte);
      if (session_.attached()) waiting_ = false;
    } else if (!waiting_ && !configuration_.transport.connected()) {
      session_.disconnected();
    } else if (to_sleep) {
      cores().sleep();
    } else {
      to_sleep = cores().stop_late() && configuration_.transport.begin_sleep();
      if (to_sleep) {
        cores().begin_sleep();
      } else {
        asm volatile("pause");
      }
      continue;
    }
    if (std::exchange(to_sleep, false)) cores().end_sleep();
  }
  configuration_.transport.end_sleep();
}

/// A core may have touched watched memory while another one acted; that happened, and does not happen again.
bool Stub::take_watchpoint(StopEvent& event, unsigned& core) {
  const ResumeRequest& request = session_.request();
  for (unsigned other = 0; other < arch::toro_core_count; ++other) {
    if (!request.others_run && other != machine_.threads().place_of(request.thread).core) continue;
    const auto hit = machine_.hardware().hit(x86_64::Cores::take_dr6(other));
    if (!hit || hit->kind == BreakpointKind::execute) continue;
    event = {.reason = reason_of(hit->kind), .address = hit->address};
    core = other;
    return true;
  }
  return false;
}

/// Carries out what the client asked for. False: it is done already, and `event` says how, `core` where.
bool Stub::resume(StopEvent& event, unsigned& core) {
  if (!take_watchpoint(event, core)) {
    const StepResult result = run_.start(session_.request());
    core = run_.core();
    if (result == StepResult::go_on) {
      if (!wanted_while_running(event)) return true;
      machine_.software().unpatch_all();
      lifted_ = false;
    } else {
      event = {.reason = result == StepResult::breakpoint ? StopReason::software_breakpoint : StopReason::step};
    }
  }
  run_.on_stop(core);
  return false;
}

bool Stub::stop(StopEvent event) {
  const unsigned here = arch::this_core();
  unsigned core = here;
  cores().stop_others();
  cores().stand();
  cores().settle();
  machine_.software().unpatch_all();
  lifted_ = false;
  run_.on_stop(core);
  forget_departed();
  bool pass_on = false;
  for (bool standing = true; standing;) {
    event.thread = machine_.threads().running_on(core);
    session_.stopped(event);
    serve();
    switch (session_.next()) {
      case Next::serve:
        break;
      case Next::resume:
        // A signal other than the debugger's own says: let the kernel see the exception.
        pass_on = event.reason == StopReason::exception && core == here && session_.request().signal != Signal::none &&
                  session_.request().signal != Signal::trap && session_.request().signal != Signal::interrupt;
        standing = !pass_on && !resume(event, core);
        break;
      case Next::detach:
        run_.release();
        // The next debugger may have spoken already, and what it said has no interrupt any more.
        standing = wanted_while_running(event);
        break;
      case Next::power_off:
        configuration_.transport.flush();
        configuration_.power_off();
        break;
      case Next::restart:
        configuration_.restart();
        break;
    }
  }
  return !pass_on;
}

// Made by install(): an image that never installs the stub does not carry its buffers.
[[gnu::section(".bss.toro_unzeroed")]] alignas(Stub) constinit std::byte storage[sizeof(Stub)] = {};
constinit Stub* stub = nullptr;

}  // namespace

void install(const Configuration& configuration) {
  stub = new (storage) Stub(configuration);
  arch::debug_hook = [](TrapFrame& frame) { return stub->on_exception(frame); };
}

void on_transport_interrupt(TrapFrame& frame) {
  if (stub != nullptr) stub->on_interrupt(frame);
}

extern "C" void toro_gdbstub_wait() {
  if (stub == nullptr) return;
  stub->wait();
  arch::toro_debug_break();
}

void report_exit(std::uint8_t status) {
  if (stub != nullptr) stub->report_exit(status);
}

}  // namespace toro::gdbstub
