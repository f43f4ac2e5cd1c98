// What cores keep of the page tables.
#include "kernel/arch/x86_64/tlb.hpp"

#include <atomic>
#include <cstdint>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/per_core.hpp"

namespace toro::arch::tlb {
namespace {

/// Counts the changes that others must see.
constinit std::atomic<std::uint32_t> wanted = 0;

struct State {
  std::atomic<bool> joined;
  std::atomic<std::uint32_t> seen;  ///< the change up to which the core has forgotten
};
TORO_PER_CORE(State, states);

// No entry is global, so a reload of CR3 drops them all. [SDM 3A 4.10.4.1]
void forget() {
  const std::uint32_t change = wanted.load(std::memory_order_seq_cst);
  write_cr3(read_cr3());
  states->seen.store(change, std::memory_order_release);
}

}  // namespace

// Whoever changes the tables either sees `joined`, or has made the change wanted that is acknowledged in here.
void join() {
  states->joined.store(true, std::memory_order_seq_cst);
  acknowledge();
}

bool leave() {
  return states->joined.exchange(false, std::memory_order_seq_cst);
}

void acknowledge() {
  if (states->seen.load(std::memory_order_relaxed) != wanted.load(std::memory_order_seq_cst)) forget();
}

void invalidate_elsewhere() {
  if (toro_core_count == 1) return;
  const std::uint32_t change = wanted.load(std::memory_order_relaxed) + 1;
  wanted.store(change, std::memory_order_seq_cst);
  states->seen.store(change, std::memory_order_relaxed);
  const unsigned self = this_core();
  for (unsigned core = 0; core < toro_core_count; ++core)
    if (core != self && has_memory(core) && states.on(core).joined.load(std::memory_order_seq_cst))
      lapic::send(toro_core_entries[core].apic_id, lapic::kInvalidateVector);
  for (unsigned core = 0; core < toro_core_count; ++core) {
    if (core == self || !has_memory(core)) continue;
    State& state = states.on(core);
    while (state.joined.load(std::memory_order_seq_cst) && state.seen.load(std::memory_order_acquire) != change)
      asm volatile("pause");
  }
}

}  // namespace toro::arch::tlb
