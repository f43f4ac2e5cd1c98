// What a panic leaves for who looks into the memory of a machine that ended by it.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/trap.hpp"

namespace toro {

/// 1 + the core that panics; 0 while none does.
extern std::atomic<std::uint32_t> panicking_core;
/// What a core was at when a panic began; null where no exception or NMI says so.
extern arch::PerCore<std::atomic<const arch::TrapFrame*>> panic_frames;

}  // namespace toro
