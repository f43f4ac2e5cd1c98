// Joined with socket() of the C library: who links that has the kernel's system calls on sockets, and network drivers.
extern const char toro_socket_system_calls;
__attribute__((used)) static const char* const system_calls = &toro_socket_system_calls;
