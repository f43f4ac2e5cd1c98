// getrandom() as musl has it, in a file that asks for the board's drivers of entropy devices.
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

extern "C" const char toro_entropy_drivers_of_board;
[[gnu::used]] static const char* const drivers = &toro_entropy_drivers_of_board;

extern "C" ssize_t getrandom(void* bytes, size_t size, unsigned flags) {
  return syscall(SYS_getrandom, bytes, size, flags);
}
