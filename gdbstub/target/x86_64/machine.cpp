#include "gdbstub/target/x86_64/machine.hpp"

#include <algorithm>

#include "gdbstub/target/x86_64/memory.hpp"
#include "gdbstub/target/x86_64/page_walk.hpp"
#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::gdbstub::x86_64 {

std::size_t OwnKernel::read_memory(std::uint64_t address, std::span<std::byte> to) const {
  return x86_64::read_memory(address, to);
}

const arch::TrapFrame* OwnKernel::frame_of(unsigned core) const {
  const CoreRegisters* registers = Cores::standing(core);
  return registers != nullptr ? &registers->frame() : nullptr;
}

std::size_t Machine::read_memory(std::uint64_t address, std::span<std::byte> to) {
  return x86_64::read_memory(address, to);
}

std::size_t Machine::write_memory(std::uint64_t address, std::span<const std::byte> from) {
  return x86_64::write_memory(address, from);
}

MemoryRegion Machine::region_at(std::uint64_t address) {
  constexpr std::uint64_t kLa57 = 1u << 12;
  // The kernel maps memory where it is. [kernel/arch/x86_64/paging.hpp]
  const auto read_entry = [](const void*, std::uint64_t physical, std::uint64_t& entry) {
    return read_object(physical, entry);
  };
  const PageTables tables{arch::read_cr3(), (arch::read_cr4() & kLa57) != 0 ? 5u : 4u, read_entry};
  return x86_64::region_at(tables, address);
}

bool Machine::is_protected(std::uint64_t address) const {
  return std::ranges::any_of(protected_text_,
                             [=](const TextRange& range) { return address >= range.begin && address < range.end; });
}

BreakpointResult Machine::insert_breakpoint(const Breakpoint& breakpoint) {
  switch (breakpoint.kind) {
    // Refusing one in the stub's own path would refuse `break write` altogether, which means every function so called.
    case BreakpointKind::software:
      return software_.insert(breakpoint.address, is_protected(breakpoint.address) ? SoftwareBreakpoints::Use::never
                                                                                   : SoftwareBreakpoints::Use::live);
    case BreakpointKind::execute:
      return is_protected(breakpoint.address) ? BreakpointResult::done : hardware_.insert(breakpoint);
    case BreakpointKind::write:
    case BreakpointKind::read:
    case BreakpointKind::access:
      return hardware_.insert(breakpoint);
  }
  return BreakpointResult::invalid;
}

BreakpointResult Machine::remove_breakpoint(const Breakpoint& breakpoint) {
  if (breakpoint.kind == BreakpointKind::software) {
    software_.remove(breakpoint.address);
  } else {
    hardware_.remove(breakpoint);
  }
  return BreakpointResult::done;
}

void Machine::remove_all_breakpoints() {
  software_.unpatch_all();
  software_.clear();
  hardware_.clear();
}

void Machine::list_breakpoints(TextWriter& out) {
  for (std::size_t i = 0; i < software_.size(); ++i) {
    out.text("software  0x");
    out.hex_padded(software_[i].address, 16);
    if (software_[i].use == SoftwareBreakpoints::Use::never) out.text(", never: the debugger's own path");
    out.put('\n');
  }
  constexpr std::string_view kKinds[] = {"software", "execute", "write", "access", "access"};
  for (unsigned i = 0; i < DebugRegisters::kCount; ++i) {
    const DebugRegisters::Slot& slot = hardware_.slots()[i];
    out.text("DR");
    out.decimal(i);
    if (!slot.used) {
      out.text("       free\n");
      continue;
    }
    out.text("       0x");
    out.hex_padded(slot.address, 16);
    out.text(", ");
    out.text(kKinds[static_cast<std::size_t>(slot.kind)]);
    if (slot.kind != BreakpointKind::execute) {
      out.text(", ");
      out.decimal(slot.length);
      out.text(slot.length == 1 ? " byte" : " bytes");
    }
    out.put('\n');
  }
}

/// What the scheduler would go on with is not where the thread goes on that is parked.
void Machine::place_parked(Thread& thread) {
  const ParkedFlow* const flow = parked_.at(thread.sp - sizeof(arch::SwitchFrame));
  if (flow == nullptr) return;
  thread.pc = flow->frame.rip;
  thread.sp = flow->frame.rsp;
}

void Machine::first_thread(Thread& thread) {
  threads().first(thread);
  place_parked(thread);
}

bool Machine::next_thread(Thread& thread) {
  if (!threads().next(thread)) return false;
  place_parked(thread);
  return true;
}

std::uint64_t Machine::goes_on_at(ThreadId thread) {
  const std::uint64_t saved = threads().saved_frame(thread);
  if (const ParkedFlow* flow = parked_.at(saved)) return flow->frame.rip;
  arch::SwitchFrame frame;
  return read_object(saved, frame) ? frame.rip : 0;
}

bool Machine::lend_core(ThreadId thread) {
  const Threads::Place place = threads().place_of(thread);
  CoreRegisters* const registers = Cores::standing(place.core);
  if (registers == nullptr) return false;
  return place.runs ||
         (parked_.can_lend(threads().saved_frame(thread)) &&
          parked_.lend(place.core, *registers, *reinterpret_cast<arch::Context*>(threads().record_of(thread))));
}

void Machine::give_back_cores() {
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if (CoreRegisters* registers = Cores::standing(core)) parked_.give_back(core, *registers);
}

// A core runs one flow at a time: another one goes on by itself where a debugger has called a function in it, and is
// stepped otherwise by letting the scheduler come to it.
bool Machine::can_resume(const ResumeRequest& request) {
  const Threads::Place place = threads().place_of(request.thread);
  if (const CoreRegisters* registers = Cores::standing(place.core); place.runs && registers != nullptr)
    return request.others_run || !parked_.has_returned(place.core, *registers);
  const std::uint64_t saved = threads().saved_frame(request.thread);
  if (!request.others_run) return parked_.can_lend(saved);
  return request.action == ResumeAction::run || saved != 0;
}

}  // namespace toro::gdbstub::x86_64
