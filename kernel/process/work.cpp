// Work that other cores gave to this one, and the threads that wait to do it.
#include "kernel/include/toro/detail/work.hpp"

#include <atomic>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::detail {
namespace {

struct WorkQueue {
  Mailbox mailbox;
  std::atomic<bool> claimed;  ///< by any core
};
TORO_PER_CORE(WorkQueue, queues);

}  // namespace

void give_work(std::uint32_t core, Work& work) {
  queues.on(core).mailbox.put(core, work);
}

Work& next_work() {
  for (;;)
    if (Parcel* const parcel = queues->mailbox.wait("work", process::kNoDeadline)) return static_cast<Work&>(*parcel);
}

bool claim_first_worker(std::uint32_t core) {
  return !queues.on(core).claimed.exchange(true);
}

Gate::Gate() : thread_(&process::scheduler().current()), core_(arch::this_core()) {}

void Gate::wait() {
  const arch::InterruptsOff off;
  while (!open_) process::scheduler().suspend("another core", process::WaitKind::thread);
}

void Gate::pass() {
  auto& thread = *static_cast<process::Thread*>(thread_);
  open_ = true;
  process::scheduler().resume(thread);
}

void Gate::open() {
  const arch::InterruptsOff off;
  if (arch::is_this_core(core_)) return pass();
  process::send(core_, [](void* payload) { (*static_cast<Gate**>(payload))->pass(); }, this);
}

}  // namespace toro::detail
