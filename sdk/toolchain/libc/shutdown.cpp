// The thread that runs the application's shutdown function. It is the C library's, so that the function may use all of
// it.
#include <pthread.h>
#include <toro/detail/thread.hpp>
#include <toro/shutdown.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace toro {
namespace {

std::atomic<void (*)()> shutdown_function = nullptr;

void* serve(void*) {
  detail::await_shutdown_request();
  shutdown_function.load()();
  return nullptr;
}

void create_server() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  detail::NextThread next{.core = 0, .name = "shutdown"};
  const detail::CreateAs as(next);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, serve, nullptr);
  if (error != 0) {
    std::fprintf(stderr, "toro: no thread for the shutdown function: error %d\n", error);
    std::abort();
  }
  pthread_attr_destroy(&attributes);
}

}  // namespace

void on_shutdown(void (*function)()) {
  if (shutdown_function.exchange(function) == nullptr) create_server();
  detail::accept_shutdown_requests();
}

}  // namespace toro
