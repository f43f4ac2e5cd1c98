// The ordered end of the machine.
#pragma once

#include <cstdint>

namespace toro {

/// Sends what the console still holds, tells the debugger, and ends the machine with `status`. Any context.
[[noreturn]] void shut_down(std::uint8_t status);

/// Resets the machine; where the monitor does not restart it, that ends it. Any context.
[[noreturn]] void restart();

/// Called by shut_down just before the end; null where nobody wants to know.
extern constinit void (*before_shutdown)(std::uint8_t status);

}  // namespace toro
