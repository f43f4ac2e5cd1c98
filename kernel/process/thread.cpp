// Queues of threads.
#include "kernel/process/thread.hpp"

namespace toro::process {

bool ReadyQueue::remove(const Thread& thread) {
  if (empty()) return false;
  Thread* before = last;
  while (before->next_in_queue != &thread) {
    before = before->next_in_queue;
    if (before == last) return false;
  }
  before->next_in_queue = thread.next_in_queue;
  if (last == &thread) last = before == &thread ? nullptr : before;
  return true;
}

void WaitQueue::push(Thread& thread) {
  thread.next_in_queue = nullptr;
  thread.previous_in_queue = last;
  (last != nullptr ? last->next_in_queue : first) = &thread;
  last = &thread;
}

void WaitQueue::remove(Thread& thread) {
  (thread.previous_in_queue != nullptr ? thread.previous_in_queue->next_in_queue : first) = thread.next_in_queue;
  (thread.next_in_queue != nullptr ? thread.next_in_queue->previous_in_queue : last) = thread.previous_in_queue;
}

}  // namespace toro::process
