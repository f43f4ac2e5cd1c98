// A wish from outside that the machine end.
#pragma once

namespace toro::process {

/// Passes the wish on to the application; false when it does not take any. Any context, also an NMI's handler.
bool request_shutdown();

}  // namespace toro::process
