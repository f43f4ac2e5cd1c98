// Joined with socket() of the C library: who links that has the kernel's system calls on sockets, and network drivers;
// and what was sent is delivered before the machine is turned off.
extern const char toro_socket_system_calls;
__attribute__((used)) static const char* const system_calls = &toro_socket_system_calls;

void toro_finish_sockets(void);
__attribute__((destructor)) static void finish(void) {
  toro_finish_sockets();
}
