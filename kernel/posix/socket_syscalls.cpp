// System calls of images that use sockets. Linked where something refers to toro_socket_system_calls.
#include "kernel/posix/finish_sockets.hpp"
#include "kernel/posix/joined_calls.hpp"
#include "kernel/posix/socket_calls.hpp"

extern "C" const char toro_file_system_calls;
extern "C" const char toro_socket_system_calls;
extern "C" constinit const char toro_socket_system_calls = 0;

namespace toro::posix {
namespace {

/// Sockets have descriptors, which are of the system calls on files.
[[gnu::used]] const char* const files = &toro_file_system_calls;
[[gnu::used]] void (*const finish)() = toro_finish_sockets;

constexpr auto kEntries = std::to_array<SyscallEntry>({
    {41, handle<call_socket>},
    {42, handle<call_connect>},
    {43, handle<call_accept>},
    {44, handle<call_sendto>},
    {45, handle<call_recvfrom>},
    {46, handle<call_sendmsg>},
    {47, handle<call_recvmsg>},
    {48, handle<call_shutdown>},
    {49, handle<call_bind>},
    {50, handle<call_listen>},
    {51, handle<call_getsockname>},
    {52, handle<call_getpeername>},
    {54, handle<call_setsockopt>},
    {55, handle<call_getsockopt>},
    {288, handle<call_accept4>},
});

}  // namespace

Handler find_socket_call(std::uint64_t number) {
  return find_handler<kEntries>(number);
}

}  // namespace toro::posix
