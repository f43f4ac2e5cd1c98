// Physical memory as it can be read before the kernel's own page tables are active.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::arch {

/// The `length` bytes from `address` on, by the tables that boot_pvh.S made: the first GiB always, and beyond it the
/// GiB of the latest call, so that a span is good until the next. Empty where they lie in more than one GiB or beyond
/// 512 GiB. Boot core only, before the stage "paging".
[[nodiscard]] std::span<const std::byte> show_physical(std::uint64_t address, std::size_t length);

}  // namespace toro::arch
