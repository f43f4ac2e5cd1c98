// Carries requests that have ended back to the cores that they came from.
#include "kernel/devices/block/carrier.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/devices/block/device.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::block {
namespace {

constexpr std::size_t kStackPages = 2;

TORO_PER_CORE(Carrier, carriers);

}  // namespace

Carrier& carrier() {
  return *carriers;
}

void Carrier::prepare() {
  if (thread_ != nullptr) return;
  thread_ = &process::start_kernel_thread("disk carrier", kStackPages, run);
}

void Carrier::take(BlockRequest& request) {
  request.flight.next = nullptr;
  (first_ == nullptr ? first_ : last_->flight.next) = &request;
  last_ = &request;
  process::scheduler().resume(*thread_);
}

void Carrier::run() {
  const arch::InterruptsOff off;
  for (;;) carriers->carry_all();
}

/// The message takes the request away from this core: from then on it may be used again, or be gone.
void Carrier::carry_all() {
  while (first_ == nullptr) process::scheduler().suspend("requests to carry", process::WaitKind::thread);
  BlockRequest* const request = first_;
  first_ = request->flight.next;
  const auto arrive = [](void* payload) { Device::deliver(**static_cast<BlockRequest**>(payload)); };
  process::send(request->flight.core, arrive, request);
}

}  // namespace toro::block
