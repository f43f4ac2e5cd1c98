// SSE and x87 state that a thread counts on while others run: saved where others may change it, and only then.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/process/scheduler.hpp"

namespace toro::process {

/// While it lives, the calling thread of the application's finds its state as it was after whatever ran meanwhile. One
/// at a time of a thread.
class FloatingPointState {
 public:
  FloatingPointState() { Scheduler::current().floating_point = FloatingPoint::counts_on; }
  ~FloatingPointState() { Scheduler::current().floating_point = FloatingPoint::changes; }
  FloatingPointState(const FloatingPointState&) = delete;
  FloatingPointState& operator=(const FloatingPointState&) = delete;
};

/// What FXSAVE writes. [SDM 1 table 10-2]
struct alignas(16) FloatingPointArea {
  std::uint16_t x87_control;
  std::byte x87[22];
  std::uint32_t mxcsr;
  std::byte registers[484];

  void save() { asm volatile("fxsave64 %0" : "=m"(*this)); }
  void restore() const { asm volatile("fxrstor64 %0" ::"m"(*this)); }
};
static_assert(sizeof(FloatingPointArea) == 512 && offsetof(FloatingPointArea, mxcsr) == 24);

/// Calls `f`, which may change the state.
template <class F>
[[gnu::noinline]] void keep_floating_point(F f) {
  [[clang::uninitialized]] FloatingPointArea area;
  area.save();
  f();
  area.restore();
}

}  // namespace toro::process
