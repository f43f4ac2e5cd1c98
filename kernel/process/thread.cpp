// First-in first-out queue of threads.
#include "kernel/process/thread.hpp"

namespace toro::process {

void ThreadQueue::push(Thread& thread) {
  thread.next_in_queue = nullptr;
  thread.previous_in_queue = last;
  (last != nullptr ? last->next_in_queue : first) = &thread;
  last = &thread;
}

void ThreadQueue::remove(Thread& thread) {
  (thread.previous_in_queue != nullptr ? thread.previous_in_queue->next_in_queue : first) = thread.next_in_queue;
  (thread.next_in_queue != nullptr ? thread.next_in_queue->previous_in_queue : last) = thread.previous_in_queue;
  thread.next_in_queue = thread.previous_in_queue = nullptr;
}

Thread* ThreadQueue::pop() {
  Thread* thread = first;
  if (thread != nullptr) remove(*thread);
  return thread;
}

}  // namespace toro::process
