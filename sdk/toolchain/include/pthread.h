// POSIX threads for C++: glibc's header, but for what it has programs do themselves, in mutexes and at a thread's end,
// which are musl's. [musl include/pthread.h, src/internal/pthread_impl.h]
#pragma once

#include_next <pthread.h>

#ifdef __cplusplus

// musl has a mutex's type in its first word.
#undef PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP
#define PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP        \
  {                                                   \
    {                                                 \
      PTHREAD_MUTEX_RECURSIVE_NP, 0, 0, 0, 0, 0, 0, { \
        nullptr, nullptr                              \
      }                                               \
    }                                                 \
  }
#undef PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP
#define PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP        \
  {                                                    \
    {                                                  \
      PTHREAD_MUTEX_ERRORCHECK_NP, 0, 0, 0, 0, 0, 0, { \
        nullptr, nullptr                               \
      }                                                \
    }                                                  \
  }

extern "C" {
struct __ptcb {
  void (*function)(void* argument);
  void* argument;
  __ptcb* next;
};
void _pthread_cleanup_push(__ptcb* entry, void (*function)(void* argument), void* argument);
void _pthread_cleanup_pop(__ptcb* entry, int execute);
}

namespace toro::detail {

/// Calls `function` when the thread ends in the scope, by pthread_exit() or pthread_cancel(), and where an exception
/// leaves it.
class CleanupHandler {
 public:
  CleanupHandler(void (*function)(void* argument), void* argument) {
    _pthread_cleanup_push(&entry_, function, argument);
  }
  CleanupHandler(const CleanupHandler&) = delete;
  CleanupHandler& operator=(const CleanupHandler&) = delete;
  ~CleanupHandler() { _pthread_cleanup_pop(&entry_, execute_); }
  /// What happens where the scope is left otherwise.
  void set_execute(int execute) { execute_ = execute; }

 private:
  __ptcb entry_;
  int execute_ = 1;
};

}  // namespace toro::detail

#undef pthread_cleanup_push
#define pthread_cleanup_push(function, argument) \
  do {                                           \
  ::toro::detail::CleanupHandler toro_cleanup_handler(function, argument)
#undef pthread_cleanup_pop
#define pthread_cleanup_pop(execute)         \
  toro_cleanup_handler.set_execute(execute); \
  }                                          \
  while (0)

#endif
