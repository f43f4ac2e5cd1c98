// Joined with the C library's functions for epoll, eventfd and timerfd.
extern const char toro_event_system_calls;
__attribute__((used)) static const char* const system_calls = &toro_event_system_calls;
