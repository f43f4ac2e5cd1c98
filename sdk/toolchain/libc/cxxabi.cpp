// What libc++abi asks of its platform: destructors of thread_local objects, and a demangler.
#include <pthread.h>

#include <cstddef>
#include <cstdlib>

namespace {

struct Destructor {
  void (*function)(void*);
  void* object;
  Destructor* next;
};

thread_local Destructor* destructors = nullptr;
pthread_key_t key;

/// Latest first; a destructor may register another.
void run_destructors(void*) {
  while (Destructor* first = destructors) {
    destructors = first->next;
    first->function(first->object);
    std::free(first);
  }
}

/// Before all others, as musl destroys keys in the order of their making: thread_local objects end first, and only then
/// what the C++ library does at the end of a thread. [C++ thread.condition.nonmember, futures.promise]
[[gnu::constructor(101)]] void make_key() {
  pthread_key_create(&key, run_destructors);
}

}  // namespace

extern "C" {

/// Registers the destructor of a thread_local object, to run when the thread ends. [Itanium C++ ABI 3.3.5]
int __cxa_thread_atexit_impl(void (*function)(void*), void* object, void*) {
  auto* entry = static_cast<Destructor*>(std::malloc(sizeof(Destructor)));
  if (entry == nullptr) return -1;
  *entry = {function, object, destructors};
  destructors = entry;
  return pthread_setspecific(key, &destructors);
}

/// The thread that calls exit() ends without running key destructors: exit.cpp.
void toro_end_thread_local_objects() {
  run_destructors(nullptr);
}

void* __dso_handle = nullptr;

/// Names stay mangled in the guest: the demangler alone is 134 KB, and the host has one.
/// -2: not a valid name. [Itanium C++ ABI 3.4]
char* __cxa_demangle(const char*, char*, std::size_t*, int* status) {
  if (status != nullptr) *status = -2;
  return nullptr;
}
}
