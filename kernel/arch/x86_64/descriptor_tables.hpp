// Segments, the task state with its interrupt stacks, and the interrupt gates of a core.
#pragma once

#include <cstdint>

namespace toro::arch {

inline constexpr std::uint16_t kCodeSelector = 0x08;
inline constexpr std::uint16_t kDataSelector = 0x10;
inline constexpr std::uint16_t kTaskSelector = 0x18;

/// Vectors that have a gate: exceptions, then interrupts. trap_entry.S has a stub for each.
inline constexpr unsigned kVectors = 64;
inline constexpr unsigned kFirstInterruptVector = 32;

/// Loads GDT, TSS and IDT of the calling core. Every gate has an IST stack, because compiled code keeps data in the
/// red zone below its stack pointer. Interrupts must be off.
void load_descriptor_tables();

}  // namespace toro::arch
