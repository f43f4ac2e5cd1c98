// DR0 to DR3: who uses which, what DR7 must say, and what DR6 meant. Knows the layout, not the processor. [SDM 3B 17.2]
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "gdbstub/protocol/types.hpp"

namespace toro::gdbstub::x86_64 {

inline constexpr std::uint64_t kDr6SingleStep = 1u << 14;
inline constexpr std::uint64_t kDr6Clear = 0xffff'0ff0;
inline constexpr std::uint64_t kDr7Disabled = 1u << 10;

/// Whether DR6 tells of any of the registers DR0 to DR3.
constexpr bool tells_of_register(std::uint64_t dr6) {
  return (dr6 & 0xf) != 0;
}

class DebugRegisters {
 public:
  static constexpr unsigned kCount = 4;

  struct Slot {
    bool used = false;
    BreakpointKind kind = BreakpointKind::execute;
    std::uint64_t address = 0;  ///< what the register holds
    std::uint8_t length = 1;
    std::uint64_t request_address = 0;  ///< of the breakpoint that it is a part of
    std::uint64_t request_length = 0;
  };

  /// A region that is not one aligned piece of 1, 2, 4 or 8 bytes takes several registers.
  [[nodiscard]] BreakpointResult insert(const Breakpoint& breakpoint);
  void remove(const Breakpoint& breakpoint);
  void clear() { slots_ = {}; }

  [[nodiscard]] const std::array<Slot, kCount>& slots() const { return slots_; }
  enum class Fire : std::uint8_t { all, breakpoints };
  /// `fire`: whether watchpoints do.
  [[nodiscard]] std::uint64_t dr7(Fire fire = Fire::all) const;
  /// The breakpoint that `dr6` tells of, if it is one of these. Of several, a watchpoint: an execution breakpoint
  /// will be met again.
  [[nodiscard]] std::optional<Slot> hit(std::uint64_t dr6) const;
  [[nodiscard]] bool any() const { return dr7() != kDr7Disabled; }
  [[nodiscard]] bool executes_at(std::uint64_t address) const;

 private:
  std::array<Slot, kCount> slots_ = {};
};

}  // namespace toro::gdbstub::x86_64
