#include "gdbstub/target/x86_64/parked_flows.hpp"

#include <cstring>
#include <new>

#include "gdbstub/target/x86_64/memory.hpp"

extern "C" void toro_gdbstub_unpark();

namespace toro::gdbstub::x86_64 {

namespace {

std::uint64_t address_of(const void* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

arch::SwitchFrame to_unpark() {
  arch::SwitchFrame entry;
  entry.rip = reinterpret_cast<std::uint64_t>(&toro_gdbstub_unpark);
  return entry;
}

}  // namespace

bool ParkedFlow::read(const Register& declared, std::span<std::byte> value) const {
  if (static_cast<Bank>(declared.bank) != Bank::frame) return float_state.read(declared, value);
  std::memcpy(value.data(), reinterpret_cast<const std::byte*>(&frame) + declared.place, value.size());
  return true;
}

bool ParkedFlow::write(std::size_t number, const Register& declared, std::span<const std::byte> value) {
  if (static_cast<Bank>(declared.bank) != Bank::frame) return float_state.write(declared, value);
  std::uint64_t content = 0;
  std::memcpy(&content, value.data(), value.size());
  return write_frame(frame, number, declared, content);
}

ParkedFlow* ParkedFlows::at(std::uint64_t saved_frame) {
  for (ParkedFlow& flow : flows())
    if (address_of(&flow.entry) == saved_frame) return &flow;
  return nullptr;
}

/// One is free once the scheduler has left its thread again, or freed it.
ParkedFlow* ParkedFlows::place_for(arch::Context& thread) {
  if (ParkedFlow* own = at(address_of(thread.frame)); own != nullptr && own->owner == &thread) return own;
  for (ParkedFlow& flow : flows()) {
    arch::Context owner;
    if (!read_object(address_of(flow.owner), owner) || owner.frame != &flow.entry) return &flow;
  }
  return count_ < kCapacity ? new (&flows_[count_++]) ParkedFlow : nullptr;
}

ParkedFlow* ParkedFlows::lender_of(unsigned core) {
  for (ParkedFlow& flow : flows())
    if (flow.lends && flow.owner->core == core) return &flow;
  return nullptr;
}

ParkedFlow* ParkedFlows::park(arch::Context& thread, const arch::TrapFrame& of_core) {
  constexpr std::uint64_t kInterruptFlag = 1u << 9, kAlwaysSet = 2;
  arch::SwitchFrame left;
  if (!read_object(address_of(thread.frame), left)) return nullptr;
  ParkedFlow* const flow = place_for(thread);
  if (flow == nullptr) return nullptr;
  flow->entry = to_unpark();
  flow->float_state.begin(left.x87_control, left.mxcsr);
  flow->frame = {};
  flow->frame.r15 = left.r15;
  flow->frame.r14 = left.r14;
  flow->frame.r13 = left.r13;
  flow->frame.r12 = left.r12;
  flow->frame.rbp = left.rbp;
  flow->frame.rbx = left.rbx;
  flow->frame.rax = thread.killed ? 1 : 0;  // what the switch returns
  flow->frame.rip = left.rip;
  flow->frame.rflags = kAlwaysSet | (left.interrupts_on != 0 ? kInterruptFlag : 0);
  flow->frame.rsp = address_of(thread.frame) + sizeof left;
  flow->frame.cs = of_core.cs;
  flow->frame.ss = of_core.ss;
  flow->owner = &thread;
  flow->left_at = left.rip;
  thread.frame = &flow->entry;
  return flow;
}

bool ParkedFlows::can_lend(std::uint64_t saved_frame) {
  const ParkedFlow* const flow = at(saved_frame);
  return flow != nullptr && flow->frame.rip != flow->left_at;
}

bool ParkedFlows::lend(unsigned core, CoreRegisters& registers, arch::Context& to) {
  arch::ContextRegistry& registry = arch::contexts.on(core);
  arch::Context& from = *registry.running;
  ParkedFlow* const next = at(address_of(to.frame));
  const bool lent = lender_of(core) != nullptr;
  ParkedFlow* const place = place_for(from);
  const std::uint64_t stack = registers.frame().rsp;
  if (stack >= address_of(&flows_) && stack < address_of(&flows_ + 1)) return false;  // it is being unparked
  if (next == nullptr || place == nullptr || !registers.save(place->frame, place->float_state)) return false;
  place->owner = &from;
  place->entry = to_unpark();
  from.frame = &place->entry;
  if (!lent) {
    place->lends = true;
    place->left_at = 0;
  }
  next->lends = false;
  registers.load(next->frame, next->float_state, to.fs_base);
  registry.running = &to;
  return true;
}

bool ParkedFlows::has_returned(unsigned core, const CoreRegisters& registers) {
  if (lender_of(core) == nullptr) return false;
  const ParkedFlow* const lent = at(address_of(arch::contexts.on(core).running->frame));
  return lent != nullptr && lent->left_at == registers.frame().rip;
}

void ParkedFlows::give_back(unsigned core, CoreRegisters& registers) {
  if (const ParkedFlow* lender = lender_of(core)) static_cast<void>(lend(core, registers, *lender->owner));
}

}  // namespace toro::gdbstub::x86_64
