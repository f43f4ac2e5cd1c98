// The registers of a core that stands: taken by the core itself, read and changed by the one that acts, put back by the
// core itself when it goes on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gdbstub/target/x86_64/float_state.hpp"
#include "gdbstub/target/x86_64/register_table.hpp"
#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub::x86_64 {

/// Writes a register that a trap frame holds; false where the processor would refuse the value.
[[nodiscard]] bool write_frame(arch::TrapFrame& frame, std::size_t number, const Register& declared,
                               std::uint64_t value);

class CoreRegisters {
 public:
  /// The core has entered the stub with this frame.
  void begin(arch::TrapFrame& frame);
  /// The core stands: takes what is not in the frame. Once is enough.
  void capture();
  /// The core goes on: what was changed takes effect.
  void put_back();

  [[nodiscard]] bool read(const Register& declared, std::span<std::byte> value) const;
  [[nodiscard]] bool write(std::size_t number, const Register& declared, std::span<const std::byte> value);

  /// What the core's flow has for itself; false where not all of it is known.
  [[nodiscard]] bool save(arch::TrapFrame& frame, FloatState& float_state) const;
  /// The core goes on with another flow.
  void load(const arch::TrapFrame& frame, const FloatState& float_state, std::uint64_t fs_base);

  [[nodiscard]] arch::TrapFrame& frame() const { return *frame_; }
  /// Whether rip was written since begin() or the last question.
  [[nodiscard]] bool take_moved() {
    const bool moved = moved_;
    moved_ = false;
    return moved;
  }

 private:
  [[nodiscard]] bool write_control(Control which, std::uint64_t value);
  [[nodiscard]] std::uint64_t selector(Selector which) const;
  [[nodiscard]] std::uint64_t control(Control which) const { return controls_[static_cast<std::size_t>(which)]; }

  arch::TrapFrame* frame_ = nullptr;
  FloatState float_state_;
  std::array<std::uint64_t, 6> controls_ = {};   ///< by Control; cr2 as begin() found it: the stub's faults change it
  std::array<std::uint64_t, 2> bases_ = {};      ///< by SegmentBase
  std::array<std::uint64_t, 6> selectors_ = {};  ///< by Selector; cs and ss are in the frame
  bool captured_ = false;
  bool controls_changed_ = false;
  bool bases_changed_ = false;
  bool moved_ = false;
};

}  // namespace toro::gdbstub::x86_64
