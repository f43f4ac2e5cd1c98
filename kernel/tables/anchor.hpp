// Where a reader of memory begins: what it needs to find every thread, core and table of the kernel.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/trap.hpp"
#include "kernel/tables/table.hpp"

namespace toro::tables {

inline constexpr char kAnchorMagic[16] = {'T', 'o', 'r', 'o', ' ', 'k', 'e', 'r',
                                          'n', 'e', 'l', ' ', '0', '0', '0', '1'};

/// One lies in each image with the stub, at a multiple of 16 bytes.
struct alignas(16) Anchor {
  char magic[16];
  std::uint64_t self;  ///< its own address, once the image has moved; 0 before
  std::uint64_t image_linked;
  const void* image_loaded;
  const Table* const* tables_begin;
  const Table* const* tables_end;
  const arch::PerCore<arch::ContextRegistry>* contexts;
  const arch::Core* cores;
  const std::uint32_t* core_count;
  const std::atomic<std::uint32_t>* panicking;                           ///< 1 + the core that panics; 0: none
  const arch::PerCore<std::atomic<const arch::TrapFrame*>>* stopped_at;  ///< what a core was at when one panicked
};
static_assert(sizeof(Anchor) == 96);

extern Anchor anchor;

}  // namespace toro::tables
