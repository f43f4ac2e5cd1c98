#include "gdbstub/target/x86_64/watched_memory.hpp"

#include <bit>

#include "gdbstub/target/x86_64/memory.hpp"
#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

/// Zero where it cannot be read.
std::uint64_t value_at(const DebugRegisters::Slot& slot) {
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  static_cast<void>(read_memory(slot.address, std::span(bytes).first(slot.length)));
  return std::bit_cast<std::uint64_t>(bytes);
}

constexpr bool watches(const DebugRegisters::Slot& slot) {
  return slot.used && slot.kind != BreakpointKind::execute;
}

}  // namespace

bool WatchedMemory::is_needed() {
  const arch::CpuidResult hypervisor = arch::cpuid(0x4000'0000);
  return hypervisor.ebx == 0x5447'4354 && hypervisor.ecx == 0x4354'4743 && hypervisor.edx == 0x4743'5447;  // TCGTCG…
}

void WatchedMemory::take(const DebugRegisters& registers) {
  for (unsigned i = 0; i < DebugRegisters::kCount; ++i)
    if (watches(registers.slots()[i])) values_[i] = value_at(registers.slots()[i]);
}

std::uint64_t WatchedMemory::changes(const DebugRegisters& registers) const {
  std::uint64_t changed = 0;
  for (unsigned i = 0; i < DebugRegisters::kCount; ++i)
    if (watches(registers.slots()[i]) && values_[i] != value_at(registers.slots()[i])) changed |= std::uint64_t{1} << i;
  return changed;
}

}  // namespace toro::gdbstub::x86_64
