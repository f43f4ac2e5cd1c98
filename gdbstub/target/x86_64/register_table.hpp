// The registers of an x86-64 core: the one table behind `g`, `p`, `G`, `P` and target.xml.
#pragma once

#include "gdbstub/protocol/register_set.hpp"

namespace toro::gdbstub::x86_64 {

/// Which structure holds a register.
enum class Bank : std::uint8_t {
  frame,     ///< place is the offset in arch::TrapFrame
  selector,  ///< place is a Selector
  x87,       ///< place is the number of st(i)
  x87_word,  ///< place is an X87Word
  sse,       ///< place is the number of the xmm register
  mxcsr,
  base,     ///< place is a SegmentBase
  control,  ///< place is a Control
};

enum class Selector : std::uint16_t { cs, ss, ds, es, fs, gs };
enum class X87Word : std::uint16_t {
  control,
  status,
  tag,
  code_segment,
  code_offset,
  data_segment,
  data_offset,
  opcode
};
enum class SegmentBase : std::uint16_t { fs, gs };
enum class Control : std::uint16_t { cr0, cr2, cr3, cr4, cr8, efer };

/// Numbers of the registers that the target itself has to name; the order is GDB's. [GDB features/i386/64bit-core.xml]
enum Number : std::size_t { rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15, rip, eflags };

[[nodiscard]] const RegisterSet& register_set();

}  // namespace toro::gdbstub::x86_64
