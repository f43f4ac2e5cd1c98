// Requests that have ended, for threads of the core that submitted them.
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/include/toro/block.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro {
namespace {

process::WaitQueue& queue_of(void* (&waiters)[2]) {
  static_assert(sizeof(process::WaitQueue) == sizeof waiters);
  return reinterpret_cast<process::WaitQueue&>(waiters);
}

}  // namespace

void BlockCompletions::arrive(BlockRequest& request) {
  request.flight.next = nullptr;
  (first_ == nullptr ? first_ : last_->flight.next) = &request;
  last_ = &request;
  process::scheduler().wake(queue_of(waiters_), 1);
}

BlockRequest* BlockCompletions::take() {
  const arch::InterruptsOff off;
  BlockRequest* const request = first_;
  if (request != nullptr) first_ = request->flight.next;
  return request;
}

BlockRequest& BlockCompletions::wait() {
  const arch::InterruptsOff off;
  while (first_ == nullptr) process::scheduler().wait(queue_of(waiters_), "a disk", process::WaitKind::device);
  return *take();
}

}  // namespace toro
