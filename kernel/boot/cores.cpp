// Starts the other cores of the machine, all at once; none is waited for.
#include <cstring>
#include <span>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/include/toro/core.hpp"
#include "kernel/memory/memory.hpp"
#include "kernel/panic.hpp"
#include "kernel/process/scheduler.hpp"

extern "C" const unsigned char toro_per_core_begin[], toro_per_core_end[];      // toro.ld
extern "C" const unsigned char toro_core_entry_begin[], toro_core_entry_end[];  // core_entry.S
extern "C" std::uint64_t toro_core_page_tables;                                 // core_entry.S

namespace toro {

/// Here, so that an application that never asks has neither this file nor what reads the firmware's tables: the other
/// cores are then left as the firmware left them.
std::uint32_t cores() {
  return arch::toro_core_count;
}

}  // namespace toro

namespace toro::boot {
namespace {

constexpr std::size_t kIdleStackPages = arch::kIdleStackSize / memory::kPageSize;

std::uintptr_t or_panic(std::uintptr_t address, unsigned number) {
  if (address == 0) panic("memory is out: no room for core {}", number);
  return address;
}

void prepare_core(unsigned number) {
  const auto size = static_cast<std::size_t>(toro_per_core_end - toro_per_core_begin);
  const std::size_t pages = (size + memory::kPageSize - 1) / memory::kPageSize;
  arch::Core& core = arch::toro_core_entries[number];
  core.distance =
      or_panic(memory::allocate_zeroed_pages(pages), number) - reinterpret_cast<std::uintptr_t>(toro_per_core_begin);
  core.stack_high = or_panic(memory::allocate_stack(kIdleStackPages), number) + arch::kIdleStackSize;
  if (!arch::guard_trap_stacks(number)) panic("memory is out: no page for a page table of core {}", number);
}

void start_cores() {
  if (arch::toro_core_count == 1) return;
  for (unsigned number = 1; number < arch::toro_core_count; ++number) prepare_core(number);
  toro_core_page_tables = arch::read_cr3();
  std::memcpy(reinterpret_cast<void*>(memory::kCoreEntryPage), toro_core_entry_begin,
              static_cast<std::size_t>(toro_core_entry_end - toro_core_entry_begin));
  const auto others = std::span(arch::toro_core_entries).subspan(1, arch::toro_core_count - 1);
  for (const arch::Core& core : others) arch::lapic::send_init(core.apic_id);
  // The second is for those that missed the first. [SDM 3A 9.4.4.1]
  for (int i = 0; i < 2; ++i)
    for (const arch::Core& core : others) arch::lapic::send_startup(core.apic_id, memory::kCoreEntryPage);
}

/// First C++ of every core but the boot core, on its idle thread's stack.
extern "C" [[noreturn]] void toro_start_core(unsigned number) {
  arch::enter_core(number);
  arch::paging::enable_protections();
  run_stages_of_core(cores_stage);
  process::scheduler().idle();
}

}  // namespace

/// After the devices: who looks for them moves and hides registers, and QEMU's emulation before 8.2 loses or misplaces
/// what another core writes to registers of its own meanwhile. [QEMU 7.2 softmmu/physmem.c, tcg_commit]
TORO_BOOT_STAGE(cores_stage, "cores", start_cores, &processors_stage, &threads_stage, &system_calls_stage,
                &devices_stage);

}  // namespace toro::boot
