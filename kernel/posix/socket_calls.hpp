// System calls on sockets, of images that use them.
#pragma once

#include "kernel/posix/file_calls.hpp"

namespace toro::posix {

// socket_calls.cpp
FileResult call_socket(SyscallFrame&);
FileResult call_connect(SyscallFrame&);
FileResult call_accept(SyscallFrame&);
FileResult call_sendto(SyscallFrame&);
FileResult call_recvfrom(SyscallFrame&);
FileResult call_sendmsg(SyscallFrame&);
FileResult call_recvmsg(SyscallFrame&);
FileResult call_shutdown(SyscallFrame&);
FileResult call_bind(SyscallFrame&);
FileResult call_listen(SyscallFrame&);
FileResult call_getsockname(SyscallFrame&);
FileResult call_getpeername(SyscallFrame&);
FileResult call_setsockopt(SyscallFrame&);
FileResult call_getsockopt(SyscallFrame&);
FileResult call_accept4(SyscallFrame&);

}  // namespace toro::posix
