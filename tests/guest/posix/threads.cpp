// Threads by the C library's own interface: their making, their end, and what is inherited.
#include <doctest/doctest.h>
#include <fenv.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <set>
#include <thread>

#include "calls.hpp"

namespace {

void* nothing(void*) {
  return nullptr;
}

std::uint64_t free_ram() {
  struct sysinfo information;
  sysinfo(&information);
  return information.freeram;
}

bool destroyed = false;

struct Slow {
  int value = 1;
  ~Slow() {
    for (int i = 0; i < 5; ++i) std::this_thread::yield();
    destroyed = true;
  }
};
thread_local Slow slow;

}  // namespace

TEST_CASE("a thread has an identity of its own") {
  std::set<pid_t> ids{gettid()};
  for (int i = 0; i < 3; ++i) std::thread([&] { ids.insert(gettid()); }).join();
  CHECK(ids.size() == 4);
}

TEST_CASE("a joined thread gives its value") {
  pthread_t thread;
  REQUIRE(pthread_create(&thread, nullptr, [](void* p) { return p; }, &thread) == 0);
  void* value = nullptr;
  REQUIRE(pthread_join(thread, &value) == 0);
  CHECK(value == &thread);
}

TEST_CASE("pthread_exit runs what was pushed for the end, and keys' destructors") {
  static int order = 0;
  static int key_destroyed = 0;
  order = key_destroyed = 0;
  pthread_key_t key;
  REQUIRE(pthread_key_create(&key, [](void*) { key_destroyed = ++order; }) == 0);
  pthread_t thread;
  REQUIRE(pthread_create(
              &thread, nullptr,
              [](void* k) -> void* {
                pthread_setspecific(*static_cast<pthread_key_t*>(k), k);
                pthread_exit(k);
              },
              &key) == 0);
  void* value = nullptr;
  REQUIRE(pthread_join(thread, &value) == 0);
  CHECK(value == &key);
  CHECK(key_destroyed == 1);
  pthread_key_delete(key);
}

TEST_CASE("detached threads unmap the stacks on which they end") {
  static sem_t ended;
  sem_init(&ended, 0, 0);
  const auto round = [] {
    for (int i = 0; i < 50; ++i) {
      pthread_t thread;
      REQUIRE(pthread_create(&thread, nullptr, [](void*) -> void* { return sem_post(&ended), nullptr; }, nullptr) == 0);
      REQUIRE(pthread_detach(thread) == 0);
      sem_wait(&ended);
    }
    std::this_thread::yield();
  };
  round();
  const std::uint64_t before = free_ram();
  round();
  CHECK(free_ram() >= before);
}

TEST_CASE("a thread made detached ends too") {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, nothing, nullptr) == 0);
  std::this_thread::yield();
  pthread_attr_destroy(&attributes);
}

TEST_CASE("a stack larger than memory is an error, not the end") {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, std::size_t{1} << 40) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, &attributes, nothing, nullptr) == EAGAIN);
  pthread_attr_destroy(&attributes);
}

TEST_CASE("processes cannot be made") {
  CHECK(call(SYS_clone, 17 /* SIGCHLD: a fork */, 0) == -EINVAL);
}

TEST_CASE("a thread starts with its creator's floating-point environment") {
  int inherited = -1;
  int long_inherited = 0;
  fesetround(FE_UPWARD);
  std::thread thread([&] {
    inherited = fegetround();
    volatile long double one = 1;
    long_inherited = 1 + one / 3 * 3 > 2;  // rounded up by the x87 too
    fesetround(FE_DOWNWARD);
  });
  fesetround(FE_TONEAREST);
  thread.join();
  CHECK(inherited == FE_UPWARD);
  CHECK(fegetround() == FE_TONEAREST);
}

TEST_CASE("thread_local objects end before the thread is said to have ended") {
  std::promise<void> promise;
  auto future = promise.get_future();
  std::thread thread([&] {
    promise.set_value_at_thread_exit();
    CHECK(slow.value == 1);
  });
  future.wait();
  CHECK(destroyed);
  thread.join();
}
