// Yields of the C library by a call, where musl has a system call that must keep every register.
#include <toro/detail/thread.hpp>

extern "C" int sched_yield() {
  toro::detail::yield();
  return 0;
}
