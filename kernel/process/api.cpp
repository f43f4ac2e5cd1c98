// The public face of the process unit.
#include "kernel/include/toro/core.hpp"
#include "kernel/include/toro/fault.hpp"
#include "kernel/process/scheduler.hpp"

static_assert(offsetof(toro::detail::Guard, stack_pointer) == 8);  // guarded_call.S

namespace toro {

detail::Guard::Guard() : previous(process::scheduler().current().guard) {
  process::scheduler().current().guard = this;
}
detail::Guard::~Guard() {
  process::scheduler().current().guard = previous;
}

}  // namespace toro
