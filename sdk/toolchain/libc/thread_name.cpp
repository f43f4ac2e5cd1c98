// pthread_setname_np for any thread: musl writes to a file below /proc where it is another than the caller.
#include <pthread.h>
#include <toro/detail/thread.hpp>

#include <cerrno>
#include <cstring>

extern "C" int pthread_setname_np(pthread_t thread, const char* name) noexcept {
  if (std::strlen(name) > 15) return ERANGE;
  toro::detail::name_thread(thread, name);
  return 0;
}
