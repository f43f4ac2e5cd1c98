// Flows of execution that do not run and yet have all their registers: a thread that the scheduler has left keeps only
// what a call preserves, so what a debugger writes beyond that, for a call, has its place here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gdbstub/target/x86_64/core_registers.hpp"
#include "gdbstub/target/x86_64/float_state.hpp"
#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub::x86_64 {

/// The scheduler goes on with `entry` as with any other thread; that leads to toro_gdbstub_unpark, which takes the
/// rest. It lies not on the thread's stack, because there the debugger writes what it calls.
struct alignas(16) ParkedFlow {
  arch::SwitchFrame entry;
  FloatState float_state;
  arch::TrapFrame frame;
  arch::Context* owner = nullptr;
  std::uint64_t left_at = 0;  ///< where the scheduler left it: to go on there is the scheduler's to say
  bool lends = false;         ///< the scheduler left it running

  [[nodiscard]] bool read(const Register& declared, std::span<std::byte> value) const;
  [[nodiscard]] bool write(std::size_t number, const Register& declared, std::span<const std::byte> value);
};
static_assert(offsetof(ParkedFlow, float_state) == 64 && offsetof(ParkedFlow, frame) == 592);  // parked_flows.S

class ParkedFlows {
 public:
  constexpr ParkedFlows() {}

  /// The one that a thread's saved frame is part of; null where that is a switch's own.
  [[nodiscard]] ParkedFlow* at(std::uint64_t saved_frame);
  /// Gives a thread that the scheduler has left all its registers; null where there is no place.
  [[nodiscard]] ParkedFlow* park(arch::Context& thread, const arch::TrapFrame& of_core);

  /// Whether a thread that does not run may run on its core without the scheduler's leave: it was called away from
  /// where the scheduler left it, or has lent the core itself.
  [[nodiscard]] bool can_lend(std::uint64_t saved_frame);
  /// A core that stands goes on with that thread; the one that runs is parked. False where there is no place for it.
  [[nodiscard]] bool lend(unsigned core, CoreRegisters& registers, arch::Context& to);
  /// Whether a core that was lent is back where the scheduler had left the thread.
  [[nodiscard]] bool has_returned(unsigned core, const CoreRegisters& registers);
  /// Goes on with what the scheduler left running.
  void give_back(unsigned core, CoreRegisters& registers);

 private:
  [[nodiscard]] std::span<ParkedFlow> flows() { return std::span(flows_).first(count_); }
  [[nodiscard]] ParkedFlow* place_for(arch::Context& thread);
  [[nodiscard]] ParkedFlow* lender_of(unsigned core);

  static constexpr std::size_t kCapacity = 16;
  union {
    std::array<ParkedFlow, kCapacity> flows_;  ///< made when they are first used, so that boot does not pay for them
  };
  std::size_t count_ = 0;
};

}  // namespace toro::gdbstub::x86_64
