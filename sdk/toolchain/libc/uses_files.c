// Joined with those members of the C library that name files: who links one has the kernel's system calls on files.
extern const char toro_file_system_calls;
__attribute__((used)) static const char* const system_calls = &toro_file_system_calls;
