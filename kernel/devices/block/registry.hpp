// The block devices that have been added.
#pragma once

#include <span>

#include "kernel/include/toro/block.hpp"

namespace toro::block {

[[nodiscard]] std::span<BlockDevice* const> all_devices();

}  // namespace toro::block
