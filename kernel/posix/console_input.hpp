// The console as something that can be polled.
#pragma once

#include "kernel/posix/descriptors.hpp"

namespace toro::posix {

/// What poll() and watches of `descriptor` go to: its stream, or the console's; null for a file.
[[nodiscard]] Stream* pollable(const Descriptor& descriptor);

}  // namespace toro::posix
