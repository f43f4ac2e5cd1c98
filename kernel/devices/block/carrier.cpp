// Carries requests that have ended back to the cores that they came from.
#include "kernel/devices/block/carrier.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/devices/block/device.hpp"
#include "kernel/memory/memory.hpp"
#include "kernel/panic.hpp"
#include "kernel/process/inbox.hpp"
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
  const std::uintptr_t low = memory::allocate_stack(kStackPages);
  if (low == 0) panic("memory is out: no stack for who carries disk requests back");
  const std::uintptr_t high = low + kStackPages * memory::kPageSize;
  auto* const no_return = reinterpret_cast<std::uint64_t*>(high) - 1;
  *no_return = 0;
  auto* const frame = reinterpret_cast<arch::SwitchFrame*>(no_return) - 1;
  *frame = {.interrupts_on = 1, .rip = reinterpret_cast<std::uint64_t>(&run)};
  thread_ = process::Scheduler::create_thread("disk carrier", frame, 0);
  if (thread_ == nullptr) panic("memory is out: no room for who carries disk requests back");
  thread_->stack_low = low;
  thread_->stack_high = high;
  process::scheduler().start_thread(*thread_);
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
