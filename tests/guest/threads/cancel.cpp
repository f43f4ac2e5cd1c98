// pthread_cancel, and what else POSIX says of threads and cores.
#include <doctest/doctest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <toro/cores.hpp>
#include <toro/thread.hpp>

#include <string>
#include <thread>

namespace {

/// Cancels a thread that does `body`, when it has begun.
void* cancelled(void* (*body)(void*)) {
  pthread_t thread;
  REQUIRE(pthread_create(&thread, nullptr, body, nullptr) == 0);
  std::this_thread::yield();
  REQUIRE(pthread_cancel(thread) == 0);
  void* result = nullptr;
  REQUIRE(pthread_join(thread, &result) == 0);
  return result;
}

}  // namespace

TEST_CASE("pthread_cancel ends a thread where it sleeps, waits or tests") {
  CHECK(cancelled([](void*) -> void* { return sleep(1000), nullptr; }) == PTHREAD_CANCELED);
  CHECK(cancelled([](void*) -> void* {
          pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
          pthread_cond_t never = PTHREAD_COND_INITIALIZER;
          pthread_mutex_lock(&mutex);
          pthread_cond_wait(&never, &mutex);
          return nullptr;
        }) == PTHREAD_CANCELED);
  CHECK(cancelled([](void*) -> void* {
          for (;;) {
            pthread_testcancel();
            sched_yield();
          }
        }) == PTHREAD_CANCELED);
}

namespace {

/// A number that a thread has waited for, and that is there when `then` begins, before the thread goes on.
template <class F>
void* woken(void* (*body)(void*), F then) {
  int counter = eventfd(0, 0);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, nullptr, body, &counter) == 0);
  std::this_thread::yield();
  REQUIRE(eventfd_write(counter, 1) == 0);
  then(thread, counter);
  void* result = nullptr;
  REQUIRE(pthread_join(thread, &result) == 0);
  close(counter);
  return result;
}

}  // namespace

TEST_CASE("pthread_cancel ends a thread that was woken for what another has taken") {
  const auto body = [](void* counter) -> void* {
    eventfd_t value;
    return eventfd_read(*static_cast<int*>(counter), &value), nullptr;
  };
  CHECK(woken(body, [](pthread_t thread, int counter) {
          eventfd_t value;
          REQUIRE(eventfd_read(counter, &value) == 0);
          REQUIRE(pthread_cancel(thread) == 0);
        }) == PTHREAD_CANCELED);
}

TEST_CASE("pthread_cancel ends no wait that begins after a call that it did not end") {
  const auto body = [](void* counter) -> void* {
    eventfd_t first = 0, second = 0;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
    eventfd_read(*static_cast<int*>(counter), &first);
    eventfd_read(*static_cast<int*>(counter), &second);
    return reinterpret_cast<void*>(first + second);
  };
  CHECK(woken(body, [](pthread_t thread, int counter) {
          REQUIRE(pthread_cancel(thread) == 0);
          std::this_thread::yield();
          REQUIRE(eventfd_write(counter, 2) == 0);
        }) == reinterpret_cast<void*>(3));
}

TEST_CASE("a thread of another core is cancelled") {
  pthread_t thread;
  toro::run_on(toro::cores() - 1, [&] {
    return pthread_create(&thread, nullptr, [](void*) -> void* { return sleep(1000), nullptr; }, nullptr);
  });
  REQUIRE(pthread_cancel(thread) == 0);
  void* result = nullptr;
  REQUIRE(pthread_join(thread, &result) == 0);
  CHECK(result == PTHREAD_CANCELED);
}

TEST_CASE("sched_getcpu says the core, and a thread may use that one only") {
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    CHECK(toro::run_on(core, [] { return sched_getcpu(); }) == static_cast<int>(core));
  CHECK(std::thread::hardware_concurrency() == 1);
}

TEST_CASE("threads can be named, by themselves and by others") {
  std::thread thread([] {
    std::this_thread::yield();
    CHECK(toro::this_thread::name() == "worker");
    CHECK(pthread_setname_np(pthread_self(), "own") == 0);
    CHECK(toro::this_thread::name() == "own");
    CHECK(pthread_setname_np(pthread_self(), "sixteen bytes...") == ERANGE);
  });
  CHECK(pthread_setname_np(thread.native_handle(), "worker") == 0);
  thread.join();
}
