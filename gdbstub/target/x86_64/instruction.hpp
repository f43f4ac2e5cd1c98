// The few instructions that a single step cannot simply run. [SDM 3B 17.3.1.4]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::gdbstub::x86_64 {

enum class InstructionKind : std::uint8_t {
  ordinary,
  push_flags,              ///< would store the trap flag that the step set
  halt,                    ///< would sleep until an interrupt, or for ever
  system_call,             ///< would store the trap flag in r11, and mask it before the trap
  changes_interrupt_flag,  ///< `cli`, `sti`, `popf`, `iret`: what they leave in IF is meant
};

struct Instruction {
  InstructionKind kind = InstructionKind::ordinary;
  std::uint8_t length = 0;  ///< 0 for those that need not be known
};

inline constexpr std::size_t kLongestInstruction = 15;

/// Looks at the instruction that begins with `bytes`, in 64-bit mode.
[[nodiscard]] Instruction classify(std::span<const std::byte> bytes);

}  // namespace toro::gdbstub::x86_64
