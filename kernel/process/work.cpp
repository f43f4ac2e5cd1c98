// Work that other cores gave to this one, and the threads that wait to do it.
#include "kernel/include/toro/detail/work.hpp"

#include <atomic>
#include <utility>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::detail {
namespace {

struct WorkQueue {
  Mailbox mailbox;
  std::atomic<bool> claimed;  ///< by any core
};
TORO_PER_CORE(WorkQueue, queues);

/// Opens gates of other cores for messages of this one.
struct Opener {
  Mailbox gates;
  bool is_started;
};
TORO_PER_CORE(Opener, openers);

constexpr std::size_t kOpenerStackPages = 2;

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

void Gate::open_from_message() {
  if (process::has_room(core_)) return open();
  if (!std::exchange(openers->is_started, true))
    process::start_kernel_thread("answers", kOpenerStackPages, [] {
      for (;;)
        if (Parcel* const parcel = openers->gates.wait("answers to give", process::kNoDeadline))
          static_cast<Gate*>(parcel)->open();
    });
  openers->gates.put(arch::this_core(), *this);
}

}  // namespace toro::detail
