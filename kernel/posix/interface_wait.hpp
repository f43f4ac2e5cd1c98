// Waits for what happens at an interface.
#pragma once

#include <atomic>

#include "kernel/network/interface.hpp"
#include "kernel/posix/descriptors.hpp"
#include "kernel/posix/syscall.hpp"

namespace toro::posix {

/// Until `holds(stack)`, which is called at the interface, or `deadline`, nanoseconds since boot: Error::timed_out, or
/// Error::interrupted, or 0. Threads of any core.
template <class F>
[[nodiscard]] Result wait_at(inet::Interface& interface, const char* what, std::uint64_t deadline, F holds) {
  for (;;) {
    std::atomic<std::uint32_t> raised = 0;
    inet::Watch watch{.links = {}, .raised = &raised};
    const bool is_done = interface.run([&](inet::Stack& stack) {
      const bool held = holds(stack);
      if (!held) interface.watches().add(watch);
      return held;
    });
    if (is_done) return 0;
    const Result waited = wait_futex(reinterpret_cast<const std::uint32_t*>(&raised), 0, what, deadline);
    interface.run([&](inet::Stack&) {
      interface.watches().remove(watch);
      return 0;
    });
    if (waited == failure(Error::interrupted) || waited == failure(Error::timed_out)) return waited;
  }
}

/// An interface that has just come up may still be asking for its address.
[[nodiscard]] inline Result wait_for_address(inet::Interface& interface) {
  return wait_at(interface, "an address", interface.awaits_address_until(),
                 [&](inet::Stack&) { return !interface.awaits_address(); });
}

}  // namespace toro::posix
