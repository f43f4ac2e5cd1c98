// The stub as the kernel sees it: installed at boot, entered by exceptions and by the debug port's interrupt.
#pragma once

#include <cstdint>
#include <span>

#include "gdbstub/target/x86_64/machine.hpp"
#include "gdbstub/transport/transport.hpp"
#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub {

struct Configuration {
  Transport& transport;
  /// End the machine or restart it; do not return. Called with interrupts off, everything standing still.
  void (*power_off)();
  void (*restart)();
  /// Code that runs before the stub has taken its breakpoints out of memory: trap entry, trap stacks, copy_safely,
  /// memcpy. Breakpoints there are never met. Lives as long as the stub.
  std::span<const x86_64::TextRange> protected_text = {};
};

/// Sets arch::debug_hook. Once, at boot, with interrupts off; from then on a debugger may connect at any time.
void install(const Configuration& configuration);

/// The debug port's interrupt handler calls this with the interrupted frame: bytes came, or the port was opened or
/// closed. Returns when the machine is to go on, the frame possibly changed.
void on_transport_interrupt(arch::TrapFrame& frame);

/// Stands still until a debugger has connected and lets it go on. Nothing happens where no stub is installed.
extern "C" void toro_gdbstub_wait();

/// Tells a waiting debugger that the machine ends with `status`. Any context; the machine then ends.
void report_exit(std::uint8_t status);

}  // namespace toro::gdbstub
