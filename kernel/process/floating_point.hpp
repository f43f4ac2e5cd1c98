// SSE and x87 state that a thread counts on while others run: saved where it is left alone, and only then.
#pragma once

#include <cstddef>

#include "kernel/process/scheduler.hpp"

namespace toro::process {

/// While it lives, the calling thread finds its state as it was after whatever ran meanwhile. One at a time of a
/// thread.
class FloatingPointState {
 public:
  FloatingPointState() { Scheduler::current().keeps_floating_point = true; }
  ~FloatingPointState() { Scheduler::current().keeps_floating_point = false; }
  FloatingPointState(const FloatingPointState&) = delete;
  FloatingPointState& operator=(const FloatingPointState&) = delete;
};

/// Calls `f`, which may change the state. [SDM 2A FXSAVE]
template <class F>
[[gnu::noinline]] void keep_floating_point(F f) {
  [[clang::uninitialized]] alignas(16) std::byte area[512];
  asm volatile("fxsave64 %0" : "=m"(area));
  f();
  asm volatile("fxrstor64 %0" ::"m"(area));
}

}  // namespace toro::process
