// Where a reader of memory begins: what it needs to find every thread, core and table of the kernel.
#pragma once

#include <cstdint>

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/tables/table.hpp"

namespace toro::tables {

inline constexpr char kAnchorMagic[16] = {'T', 'o', 'r', 'o', ' ', 'k', 'e', 'r',
                                          'n', 'e', 'l', ' ', '0', '0', '0', '1'};

/// One lies in each image with the stub, at a multiple of 16 bytes.
struct alignas(16) Anchor {
  char magic[16];
  std::uint64_t self;  ///< its own address, once the image has moved and the stub was installed; 0 before
  std::uint64_t image_linked;
  const void* image_loaded;
  const Table* const* tables_begin;
  const Table* const* tables_end;
  const arch::PerCore<arch::ContextRegistry>* contexts;
  const arch::Core* cores;
  const std::uint32_t* core_count;
};
static_assert(sizeof(Anchor) == 80);

extern Anchor anchor;

}  // namespace toro::tables
