// Reads and writes registers by their declaration: of a flow that runs from the core that stands with it, of any other
// from what the context switch saved.
#pragma once

#include <cstddef>
#include <span>

#include "gdbstub/target/x86_64/kernel_view.hpp"

namespace toro::gdbstub::x86_64 {

/// False: the value is not known.
[[nodiscard]] bool read_register(const KernelView& kernel, ThreadId thread, std::size_t number,
                                 std::span<std::byte> value);
/// False: no such register there, or a value that the processor would refuse.
[[nodiscard]] bool write_register(const KernelView& kernel, ThreadId thread, std::size_t number,
                                  std::span<const std::byte> value);

}  // namespace toro::gdbstub::x86_64
