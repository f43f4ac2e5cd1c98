// System calls of images that use epoll, eventfd or timerfd. Linked where something refers to toro_event_system_calls.
#include "kernel/posix/event_calls.hpp"
#include "kernel/posix/joined_calls.hpp"

extern "C" const char toro_file_system_calls;
extern "C" const char toro_event_system_calls;
extern "C" constinit const char toro_event_system_calls = 0;

namespace toro::posix {
namespace {

[[gnu::used]] const char* const files = &toro_file_system_calls;

constexpr auto kEntries = std::to_array<SyscallEntry>({
    {213, handle<call_epoll_create>},
    {232, handle<call_epoll_wait>},
    {233, handle<call_epoll_ctl>},
    {281, handle<call_epoll_wait>},  // epoll_pwait: there are no signals to be kept off
    {283, handle<call_timerfd_create>},
    {284, handle<call_eventfd>},
    {286, handle<call_timerfd_settime>},
    {287, handle<call_timerfd_gettime>},
    {290, handle<call_eventfd2>},
    {291, handle<call_epoll_create1>},
});

}  // namespace

Handler find_event_call(std::uint64_t number) {
  return find_handler<kEntries>(number);
}

}  // namespace toro::posix
