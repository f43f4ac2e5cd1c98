// Reads and writes registers by their declaration: of a flow that runs from the core that stands with it, of any other
// from what the context switch saved, or where it is parked.
#pragma once

#include <cstddef>
#include <span>

#include "gdbstub/target/x86_64/kernel_view.hpp"
#include "gdbstub/target/x86_64/parked_flows.hpp"

namespace toro::gdbstub::x86_64 {

/// False: the value is not known.
[[nodiscard]] bool read_register(const KernelView& kernel, ParkedFlows& parked, ThreadId thread, std::size_t number,
                                 std::span<std::byte> value);
/// A thread is parked for what a switch does not keep. False: no such register there, a value that the processor would
/// refuse, or no place to park.
[[nodiscard]] bool write_register(const KernelView& kernel, ParkedFlows& parked, ThreadId thread, std::size_t number,
                                  std::span<const std::byte> value);

}  // namespace toro::gdbstub::x86_64
