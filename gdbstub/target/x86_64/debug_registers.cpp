#include "gdbstub/target/x86_64/debug_registers.hpp"

#include <algorithm>

namespace toro::gdbstub::x86_64 {

namespace {

/// The longest piece that one register can watch from `address` on. [SDM 3B 17.2.5]
constexpr std::uint8_t piece_length(std::uint64_t address, std::uint64_t left) {
  std::uint8_t length = 8;
  while (length > left || address % length != 0) length = static_cast<std::uint8_t>(length / 2);
  return length;
}

/// The condition field: when the register fires. There is none for reads alone.
constexpr std::uint64_t condition(BreakpointKind kind) {
  switch (kind) {
    case BreakpointKind::write:
      return 1;
    case BreakpointKind::read:
    case BreakpointKind::access:
      return 3;
    default:
      return 0;
  }
}

constexpr std::uint64_t length_field(std::uint8_t length) {
  switch (length) {
    case 2:
      return 1;
    case 4:
      return 3;
    case 8:
      return 2;
    default:
      return 0;
  }
}

constexpr bool same(const DebugRegisters::Slot& slot, const Breakpoint& breakpoint) {
  return slot.used && slot.kind == breakpoint.kind && slot.request_address == breakpoint.address &&
         (breakpoint.kind == BreakpointKind::execute || slot.request_length == breakpoint.length);
}

}  // namespace

BreakpointResult DebugRegisters::insert(const Breakpoint& breakpoint) {
  if (std::ranges::any_of(slots_, [&](const Slot& slot) { return same(slot, breakpoint); })) {
    return BreakpointResult::done;
  }
  const bool execute = breakpoint.kind == BreakpointKind::execute;
  const std::uint64_t length = execute ? 1 : breakpoint.length;
  if (length == 0 || breakpoint.address + (length - 1) < breakpoint.address) return BreakpointResult::invalid;
  std::array<Slot, kCount> slots = slots_;
  for (std::uint64_t done = 0; done < length;) {
    const auto free = std::ranges::find(slots, false, &Slot::used);
    if (free == slots.end()) return BreakpointResult::registers_full;
    const std::uint64_t address = breakpoint.address + done;
    const std::uint8_t piece = piece_length(address, length - done);
    *free = {true, breakpoint.kind, address, piece, breakpoint.address, breakpoint.length};
    done += piece;
  }
  slots_ = slots;
  return BreakpointResult::done;
}

void DebugRegisters::remove(const Breakpoint& breakpoint) {
  for (Slot& slot : slots_) {
    if (same(slot, breakpoint)) slot = {};
  }
}

std::uint64_t DebugRegisters::dr7(Fire fire) const {
  std::uint64_t value = kDr7Disabled;
  for (unsigned i = 0; i < kCount; ++i) {
    const Slot& slot = slots_[i];
    if (!slot.used || (fire == Fire::breakpoints && slot.kind != BreakpointKind::execute)) continue;
    value |= std::uint64_t{2} << (2 * i);
    value |= (condition(slot.kind) | length_field(slot.length) << 2) << (16 + 4 * i);
  }
  return value;
}

std::optional<DebugRegisters::Slot> DebugRegisters::hit(std::uint64_t dr6) const {
  std::optional<Slot> found;
  for (unsigned i = 0; i < kCount; ++i) {
    const Slot& slot = slots_[i];
    if (!slot.used || (dr6 >> i & 1) == 0) continue;
    if (!found || found->kind == BreakpointKind::execute) found = slot;
  }
  return found;
}

bool DebugRegisters::executes_at(std::uint64_t address) const {
  return std::ranges::any_of(slots_, [&](const Slot& slot) {
    return slot.used && slot.kind == BreakpointKind::execute && slot.address == address;
  });
}

}  // namespace toro::gdbstub::x86_64
