// The registers of a thread that does not run: what the context switch saved of them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "gdbstub/protocol/register_set.hpp"
#include "gdbstub/target/x86_64/kernel_view.hpp"

namespace toro::gdbstub::x86_64 {

/// The offset in SwitchFrame of the registers that a switch keeps.
[[nodiscard]] std::optional<std::size_t> saved_offset(std::size_t number);

/// Whether a register is the core's, the same whichever thread is looked at.
[[nodiscard]] bool of_core(const Register& declared);

/// Register `number` of a thread that does not run and was left with this frame; false where its value is not known.
[[nodiscard]] bool read_saved(const KernelView& kernel, ThreadId thread, std::uint64_t saved, std::size_t number,
                              std::span<std::byte> value);

}  // namespace toro::gdbstub::x86_64
