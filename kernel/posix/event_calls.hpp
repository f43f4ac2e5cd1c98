// System calls that wait for several things at once, of images that use them.
#pragma once

#include "kernel/posix/file_calls.hpp"

namespace toro::posix {

// poll.cpp
FileResult call_poll(SyscallFrame&);
FileResult call_ppoll(SyscallFrame&);
FileResult call_select(SyscallFrame&);
FileResult call_pselect(SyscallFrame&);
// epoll_calls.cpp
FileResult call_epoll_create(SyscallFrame&);
FileResult call_epoll_create1(SyscallFrame&);
FileResult call_epoll_ctl(SyscallFrame&);
FileResult call_epoll_wait(SyscallFrame&);
// event_counter.cpp
FileResult call_eventfd(SyscallFrame&);
FileResult call_eventfd2(SyscallFrame&);
// timer_descriptor.cpp
FileResult call_timerfd_create(SyscallFrame&);
FileResult call_timerfd_settime(SyscallFrame&);
FileResult call_timerfd_gettime(SyscallFrame&);

}  // namespace toro::posix
