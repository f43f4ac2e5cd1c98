// Segments, the task state with its interrupt stacks, and the interrupt gates of a core.
#pragma once

#include <cstdint>
#include <string_view>

namespace toro::arch {

inline constexpr std::uint16_t kCodeSelector = 0x08;
inline constexpr std::uint16_t kDataSelector = 0x10;
inline constexpr std::uint16_t kTaskSelector = 0x18;

/// Vectors that have a gate: exceptions, then interrupts. trap_entry.S has a stub for each.
inline constexpr unsigned kVectors = 64;
inline constexpr unsigned kFirstInterruptVector = 32;

/// Fills the interrupt gates, which all cores share.
void make_gates();

/// Loads GDT, TSS and IDT of the calling core. Every gate has an IST stack, because compiled code keeps data in the
/// red zone below its stack pointer. Interrupts must be off.
void load_descriptor_tables();

/// Takes away the page below each trap stack of `core`: by the boot core, with the kernel's page tables in use and the
/// other core not yet. False when memory is out.
[[nodiscard]] bool guard_trap_stacks(unsigned core);

/// Whether `address` is on the stack that this core takes exceptions on, other than NMIs and double faults, while no
/// AlternateTrapStacks lives.
[[nodiscard]] bool on_exception_stack(std::uintptr_t address);

/// Which of this core's trap stacks has the guard page that holds `address` ("interrupts"); empty where it is none.
[[nodiscard]] std::string_view trap_stack_below(std::uintptr_t address);

}  // namespace toro::arch
