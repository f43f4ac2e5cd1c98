// The public face of the process unit.
#include "kernel/include/toro/core.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro {

std::uint32_t this_core() { return process::scheduler().current().core; }

}  // namespace toro
