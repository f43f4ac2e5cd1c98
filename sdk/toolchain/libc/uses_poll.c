// Joined with poll() and its kin of the C library.
extern const char toro_poll_system_calls;
__attribute__((used)) static const char* const system_calls = &toro_poll_system_calls;
