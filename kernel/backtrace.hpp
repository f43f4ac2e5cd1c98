// Who called whom: by frame pointers, and past code that keeps none by what looks like a return address.
#pragma once

#include <cstdint>

#include "kernel/lib/format.hpp"

namespace toro {

/// Where a backtrace starts. `rip` 0: with the return address in the frame at `rbp`.
struct BacktraceStart {
  std::uint64_t rip = 0;
  std::uint64_t rbp = 0;
  std::uint64_t rsp = 0;
};

/// Prints a line `  #N 0xADDRESS` for each frame: the form that the toro command turns into function, file and line.
/// The C library is built without frame pointers: where their chain ends before the stack does, words of the stack that
/// point behind a call are listed, marked `?`, since some may be left over from calls that have returned.
/// Any context; reads the stack so that a fault only ends the list. `stack_high` is one past the stack, 0 if unknown.
void print_backtrace(Sink out, BacktraceStart start, std::uint64_t stack_high);

}  // namespace toro
