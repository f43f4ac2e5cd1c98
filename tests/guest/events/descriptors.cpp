// epoll, eventfd, timerfd and poll by the C library, without a network.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <toro/memory.hpp>
#include <toro/thread.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "../sockets/descriptor.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

Descriptor make_counter(unsigned count = 0, int flags = 0) {
  Descriptor made(eventfd(count, flags));
  REQUIRE_GE(static_cast<int>(made), 0);
  return made;
}
Descriptor make_timer(int clock = CLOCK_MONOTONIC, int flags = 0) {
  Descriptor made(timerfd_create(clock, flags));
  REQUIRE_GE(static_cast<int>(made), 0);
  return made;
}
Descriptor make_epoll() {
  Descriptor made(epoll_create1(EPOLL_CLOEXEC));
  REQUIRE_GE(static_cast<int>(made), 0);
  return made;
}
std::uint64_t taken(int number) {
  std::uint64_t count = 0;
  CHECK_EQ(read(number, &count, sizeof count), 8);
  return count;
}
void add_to(int number, std::uint64_t count) {
  CHECK_EQ(write(number, &count, sizeof count), 8);
}
timespec time_of(std::chrono::nanoseconds time) {
  return {.tv_sec = time / 1s, .tv_nsec = (time % 1s).count()};
}
int set(int timer, std::chrono::nanoseconds value, std::chrono::nanoseconds interval = 0ns, int flags = 0) {
  const itimerspec setting{.it_interval = time_of(interval), .it_value = time_of(value)};
  return timerfd_settime(timer, flags, &setting, nullptr);
}
int watch(int epoll, int operation, int number, std::uint32_t events, std::uint64_t data = 0) {
  epoll_event event{.events = events, .data = {.u64 = data}};
  return epoll_ctl(epoll, operation, number, &event);
}
short readiness(int number) {
  pollfd entry{number, POLLIN | POLLOUT, 0};
  return poll(&entry, 1, 0) < 0 ? short{-1} : entry.revents;
}
int fails(int result) {
  CHECK_EQ(result, -1);
  return errno;
}

TEST_CASE("a counter gives all that was added, a semaphore one at a time") {
  const Descriptor counter = make_counter(3, EFD_NONBLOCK | EFD_CLOEXEC);
  CHECK_EQ(fcntl(counter, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(readiness(counter), POLLIN | POLLOUT);
  add_to(counter, 4);
  CHECK_EQ(taken(counter), 7);
  CHECK_EQ(readiness(counter), POLLOUT);
  std::uint64_t count = 0;
  CHECK_EQ(fails(static_cast<int>(read(counter, &count, sizeof count))), EAGAIN);
  CHECK_EQ(fails(static_cast<int>(read(counter, &count, 7))), EINVAL);
  add_to(counter, UINT64_MAX - 1);
  CHECK_EQ(readiness(counter), POLLIN);
  count = 1;
  CHECK_EQ(fails(static_cast<int>(write(counter, &count, sizeof count))), EAGAIN);
  count = UINT64_MAX;
  CHECK_EQ(fails(static_cast<int>(write(counter, &count, sizeof count))), EINVAL);

  const Descriptor semaphore = make_counter(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  CHECK_EQ(taken(semaphore), 1);
  CHECK_EQ(taken(semaphore), 1);
  CHECK_EQ(fails(static_cast<int>(read(semaphore, &count, sizeof count))), EAGAIN);
  CHECK_EQ(fails(eventfd(0, 0x10)), EINVAL);
  CHECK_EQ(fails(static_cast<int>(lseek(counter, 0, SEEK_SET))), ESPIPE);
}

TEST_CASE("a counter is waited for, in both directions, from every core") {
  constexpr std::uint64_t kEach = 200;
  const Descriptor there = make_counter(0, EFD_SEMAPHORE);
  const Descriptor back = make_counter();
  std::vector<toro::Thread<void>> threads;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    threads.push_back(toro::thread::create({.core = core, .name = "adder"}, [&] {
      for (std::uint64_t i = 0; i < kEach; ++i) {
        CHECK_EQ(taken(there), 1);
        add_to(back, 1);
      }
    }));
  add_to(there, kEach * toro::cores());
  std::uint64_t sum = 0;
  while (sum != kEach * toro::cores()) sum += taken(back);
  for (auto& thread : threads) thread.join();

  const Descriptor full = make_counter();
  add_to(full, UINT64_MAX - 1);
  std::thread emptier([&] { CHECK_EQ(taken(full), UINT64_MAX - 1); });
  add_to(full, 5);
  emptier.join();
  CHECK_EQ(taken(full), 5);
}

TEST_CASE("a timer expires once, again and again, or at a point in time") {
  const Descriptor timer = make_timer();
  auto began = Clock::now();
  REQUIRE_EQ(set(timer, 20ms), 0);
  CHECK_EQ(taken(timer), 1);
  CHECK_GE(Clock::now() - began, 20ms);
  itimerspec setting{};
  CHECK_EQ(timerfd_gettime(timer, &setting), 0);
  CHECK_EQ(setting.it_value.tv_sec + setting.it_value.tv_nsec, 0);

  began = Clock::now();
  REQUIRE_EQ(set(timer, 5ms, 10ms), 0);
  std::uint64_t count = 0;
  while (count < 4) count += taken(timer);
  CHECK_GE(Clock::now() - began, 35ms);
  CHECK_EQ(timerfd_gettime(timer, &setting), 0);
  CHECK_EQ(setting.it_interval.tv_nsec, 10'000'000);
  std::this_thread::sleep_for(25ms);
  CHECK_GE(taken(timer), 2);

  const itimerspec off{};
  CHECK_EQ(timerfd_settime(timer, 0, &off, &setting), 0);
  CHECK_EQ(setting.it_interval.tv_nsec, 10'000'000);
  CHECK_EQ(fcntl(timer, F_SETFL, O_NONBLOCK), 0);
  CHECK_EQ(fails(static_cast<int>(read(timer, &count, sizeof count))), EAGAIN);

  for (const int clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
    const Descriptor absolute = make_timer(clock);
    const auto time = [clock] {
      timespec now{};
      clock_gettime(clock, &now);
      return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    };
    const auto wanted = time() + 10ms;
    REQUIRE_EQ(set(absolute, wanted, 0ns, TFD_TIMER_ABSTIME), 0);
    CHECK_EQ(taken(absolute), 1);
    CHECK_GE(time(), wanted);
    REQUIRE_EQ(set(absolute, 1ns, 0ns, TFD_TIMER_ABSTIME), 0);  // long past
    CHECK_EQ(taken(absolute), 1);
  }
}

TEST_CASE("what is wrong with a timer is said") {
  const Descriptor timer = make_timer();
  CHECK_EQ(fails(timerfd_create(CLOCK_THREAD_CPUTIME_ID, 0)), EINVAL);
  CHECK_EQ(fails(timerfd_create(CLOCK_MONOTONIC, 1)), EINVAL);
  CHECK_EQ(fails(set(timer, 1s, 0s, 0x40)), EINVAL);
  const itimerspec wrong{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 1'000'000'000}};
  CHECK_EQ(fails(timerfd_settime(timer, 0, &wrong, nullptr)), EINVAL);
  const Descriptor counter = make_counter();
  CHECK_EQ(fails(set(counter, 1s)), EINVAL);
  CHECK_EQ(fails(set(99, 1s)), EBADF);
  CHECK_EQ(fails(static_cast<int>(write(timer, &wrong, 8))), EINVAL);
}

TEST_CASE("poll and select know timers and counters") {
  const Descriptor timer = make_timer();
  const Descriptor counter = make_counter();
  REQUIRE_EQ(set(timer, 10ms, 1ns), 0);  // as short as it can be: a wake for each read, no more
  pollfd entries[] = {{timer, POLLIN, 0}, {counter, POLLIN, 0}};
  for (int i = 0; i < 3; ++i) {
    CHECK_EQ(poll(entries, 2, -1), 1);
    CHECK_EQ(entries[0].revents, POLLIN);
    CHECK_GE(taken(timer), 1);
  }
  REQUIRE_EQ(set(timer, 0ns), 0);
  std::thread other([&] { add_to(counter, 1); });
  CHECK_EQ(poll(entries, 2, -1), 1);
  CHECK_EQ(entries[1].revents, POLLIN);
  other.join();
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(timer, &readable);
  FD_SET(counter, &readable);
  CHECK_EQ(select(counter + 1, &readable, nullptr, nullptr, nullptr), 1);
  CHECK(FD_ISSET(counter, &readable));
  CHECK_FALSE(FD_ISSET(timer, &readable));
}

TEST_CASE("poll waits for the console's input") {
  pollfd entry{STDIN_FILENO, POLLIN | POLLOUT, 0};
  CHECK_EQ(poll(&entry, 1, 0), 1);
  CHECK_EQ(entry.revents, POLLOUT);
  entry.events = POLLIN;
  const auto began = Clock::now();
  CHECK_EQ(poll(&entry, 1, 10), 0);
  CHECK_GE(Clock::now() - began, 10ms);
}

TEST_CASE("epoll tells again what is still the case, or only what has changed") {
  const Descriptor epoll = make_epoll();
  const Descriptor level = make_counter();
  const Descriptor edge = make_counter();
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, level, EPOLLIN, 1), 0);
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, edge, EPOLLIN | EPOLLET, 2), 0);
  std::array<epoll_event, 4> events{};
  CHECK_EQ(epoll_wait(epoll, events.data(), 4, 0), 0);
  add_to(level, 1);
  add_to(edge, 1);
  CHECK_EQ(epoll_wait(epoll, events.data(), 4, -1), 2);
  CHECK_EQ(epoll_wait(epoll, events.data(), 4, -1), 1);
  CHECK_EQ(events[0].data.u64, 1);
  CHECK_EQ(events[0].events, EPOLLIN);
  CHECK_EQ(taken(level), 1);
  CHECK_EQ(epoll_wait(epoll, events.data(), 4, 0), 0);
  add_to(edge, 1);  // it was readable all the time, and more came
  CHECK_EQ(epoll_wait(epoll, events.data(), 4, 0), 1);
  CHECK_EQ(events[0].data.u64, 2);
  CHECK_EQ(taken(edge), 2);
  CHECK_EQ(epoll_wait(epoll, events.data(), 4, 0), 0);
}

TEST_CASE("epoll tells in turn, of many no more than there is room for") {
  const Descriptor epoll = make_epoll();
  std::vector<Descriptor> counters;
  for (std::uint64_t i = 0; i < 100; ++i) {
    counters.push_back(make_counter(1));
    REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, counters.back(), EPOLLIN, i), 0);
  }
  std::vector<bool> seen(counters.size());
  std::array<epoll_event, 10> events{};
  for (std::size_t i = 0; i < counters.size() / events.size(); ++i) {
    REQUIRE_EQ(epoll_wait(epoll, events.data(), 10, -1), 10);
    for (const epoll_event& event : events) seen[event.data.u64] = true;
  }
  CHECK_EQ(std::ranges::count(seen, true), 100);
}

TEST_CASE("who asks an epoll, and finds something each time, lets others run") {
  const Descriptor epoll = make_epoll();
  const Descriptor counter = make_counter(1);
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, counter, EPOLLIN), 0);
  std::atomic<bool> has_run = false;
  std::thread other([&] { has_run = true; });
  epoll_event event{};
  for (int i = 0; i < 100'000 && !has_run; ++i) CHECK_EQ(epoll_wait(epoll, &event, 1, -1), 1);
  CHECK(has_run);
  other.join();
}

TEST_CASE("one-shot tells once until it is armed again") {
  const Descriptor epoll = make_epoll();
  const Descriptor counter = make_counter(1);
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, counter, EPOLLIN | EPOLLONESHOT), 0);
  epoll_event event{};
  CHECK_EQ(epoll_wait(epoll, &event, 1, -1), 1);
  add_to(counter, 1);
  CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_MOD, counter, EPOLLIN | EPOLLOUT | EPOLLONESHOT, 7), 0);
  CHECK_EQ(epoll_wait(epoll, &event, 1, -1), 1);
  CHECK_EQ(event.events, EPOLLIN | EPOLLOUT);
  CHECK_EQ(event.data.u64, 7);
}

TEST_CASE("epoll forgets what is removed, and what is closed") {
  const Descriptor epoll = make_epoll();
  Descriptor counter = make_counter(1);
  Descriptor copy(dup(counter));
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, counter, EPOLLIN), 0);
  epoll_event event{};
  counter.reset();
  CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);  // the copy keeps it open
  copy.reset();
  CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
  const Descriptor other = make_counter(1);
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, other, EPOLLIN), 0);
  CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_DEL, other, nullptr), 0);
  CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
  {
    const Descriptor second = make_epoll();
    REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, other, EPOLLIN), 0);
    REQUIRE_EQ(watch(second, EPOLL_CTL_ADD, other, EPOLLIN), 0);
    CHECK_EQ(epoll_wait(second, &event, 1, 0), 1);
  }
  CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
}

TEST_CASE("what epoll cannot do it says") {
  const Descriptor epoll = make_epoll();
  const Descriptor other = make_epoll();
  const Descriptor counter = make_counter();
  CHECK_EQ(fails(watch(epoll, EPOLL_CTL_ADD, 99, EPOLLIN)), EBADF);
  CHECK_EQ(fails(watch(99, EPOLL_CTL_ADD, counter, EPOLLIN)), EBADF);
  CHECK_EQ(fails(watch(counter, EPOLL_CTL_ADD, epoll, EPOLLIN)), EINVAL);
  CHECK_EQ(fails(watch(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN)), EINVAL);
  CHECK_EQ(fails(watch(epoll, EPOLL_CTL_ADD, other, EPOLLIN | EPOLLEXCLUSIVE)), EINVAL);
  CHECK_EQ(fails(watch(epoll, EPOLL_CTL_MOD, counter, EPOLLIN)), ENOENT);
  CHECK_EQ(fails(watch(epoll, EPOLL_CTL_DEL, counter, EPOLLIN)), ENOENT);
  CHECK_EQ(fails(watch(epoll, 4, counter, EPOLLIN)), EINVAL);
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, counter, EPOLLIN | EPOLLEXCLUSIVE), 0);
  CHECK_EQ(fails(watch(epoll, EPOLL_CTL_ADD, counter, EPOLLIN)), EEXIST);
  CHECK_EQ(fails(watch(epoll, EPOLL_CTL_MOD, counter, EPOLLIN)), EINVAL);
  epoll_event event{};
  CHECK_EQ(fails(epoll_wait(epoll, &event, 0, 0)), EINVAL);
  CHECK_EQ(fails(epoll_wait(counter, &event, 1, 0)), EINVAL);
  CHECK_EQ(fails(epoll_create1(1)), EINVAL);
}

TEST_CASE("an epoll is readable while something in it is ready, for poll, select and another epoll") {
  const Descriptor outer = make_epoll();
  const Descriptor inner = make_epoll();
  const Descriptor counter = make_counter();
  REQUIRE_EQ(watch(outer, EPOLL_CTL_ADD, inner, EPOLLIN, 1), 0);
  REQUIRE_EQ(watch(inner, EPOLL_CTL_ADD, counter, EPOLLIN, 2), 0);
  epoll_event event{};
  CHECK_EQ(readiness(outer), 0);
  CHECK_EQ(epoll_wait(outer, &event, 1, 0), 0);
  for (int i = 0; i < 3; ++i) {
    std::thread other([&] { add_to(counter, 1); });
    CHECK_EQ(epoll_wait(outer, &event, 1, -1), 1);
    other.join();
    CHECK_EQ(event.data.u64, 1);
    CHECK_EQ(event.events, EPOLLIN);
    CHECK_EQ(epoll_wait(outer, &event, 1, 0), 1);
    CHECK_EQ(readiness(outer), POLLIN);
    CHECK_EQ(epoll_wait(inner, &event, 1, 0), 1);
    CHECK_EQ(event.data.u64, 2);
    CHECK_EQ(taken(counter), 1);
    CHECK_EQ(readiness(inner), 0);
    CHECK_EQ(readiness(outer), 0);
    CHECK_EQ(epoll_wait(outer, &event, 1, 0), 0);
  }
  for (const int number : {static_cast<int>(inner), static_cast<int>(outer)}) {
    std::thread other([&] { add_to(counter, 1); });
    pollfd entry{number, POLLIN, 0};
    CHECK_EQ(poll(&entry, 1, -1), 1);
    CHECK_EQ(entry.revents, POLLIN);
    other.join();
    CHECK_EQ(taken(counter), 1);
    std::thread another([&] { add_to(counter, 1); });
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(number, &readable);
    CHECK_EQ(select(number + 1, &readable, nullptr, nullptr, nullptr), 1);
    another.join();
    CHECK_EQ(taken(counter), 1);
  }
}

TEST_CASE("an epoll within another tells once what is edge-triggered or one-shot, and is told by all that is in it") {
  const Descriptor outer = make_epoll();
  const Descriptor inner = make_epoll();
  const Descriptor counter = make_counter();
  REQUIRE_EQ(watch(inner, EPOLL_CTL_ADD, counter, EPOLLIN | EPOLLET), 0);
  REQUIRE_EQ(watch(outer, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLET), 0);
  epoll_event event{};
  for (int i = 0; i < 3; ++i) {
    add_to(counter, 1);
    CHECK_EQ(epoll_wait(outer, &event, 1, -1), 1);
    CHECK_EQ(epoll_wait(outer, &event, 1, 0), 0);
    CHECK_EQ(readiness(inner), POLLIN);  // asking takes nothing away
    CHECK_EQ(epoll_wait(inner, &event, 1, 0), 1);
    CHECK_EQ(readiness(inner), 0);
  }
  REQUIRE_EQ(watch(outer, EPOLL_CTL_MOD, inner, EPOLLIN | EPOLLONESHOT), 0);
  add_to(counter, 1);
  CHECK_EQ(epoll_wait(outer, &event, 1, -1), 1);
  add_to(counter, 1);
  CHECK_EQ(epoll_wait(outer, &event, 1, 10), 0);
  REQUIRE_EQ(watch(outer, EPOLL_CTL_MOD, inner, EPOLLIN), 0);
  CHECK_EQ(epoll_wait(outer, &event, 1, -1), 1);
  const Descriptor ready = make_counter(1);
  CHECK_EQ(epoll_wait(inner, &event, 1, 0), 1);
  CHECK_EQ(epoll_wait(outer, &event, 1, 0), 0);
  std::thread other([&] { CHECK_EQ(watch(inner, EPOLL_CTL_ADD, ready, EPOLLIN), 0); });
  CHECK_EQ(epoll_wait(outer, &event, 1, -1), 1);
  other.join();
}

TEST_CASE("epolls lie upon each other five high, and in no circle") {
  std::vector<Descriptor> tower;
  for (int i = 0; i < 5; ++i) tower.push_back(make_epoll());
  const Descriptor counter = make_counter();
  const Descriptor more = make_epoll();
  REQUIRE_EQ(watch(tower[4], EPOLL_CTL_ADD, counter, EPOLLIN), 0);
  for (const std::size_t i : {0UZ, 2UZ, 3UZ, 1UZ}) REQUIRE_EQ(watch(tower[i], EPOLL_CTL_ADD, tower[i + 1], EPOLLIN), 0);
  CHECK_EQ(fails(watch(more, EPOLL_CTL_ADD, tower[0], EPOLLIN)), ELOOP);
  CHECK_EQ(fails(watch(tower[4], EPOLL_CTL_ADD, more, EPOLLIN)), ELOOP);
  CHECK_EQ(fails(watch(tower[4], EPOLL_CTL_ADD, tower[0], EPOLLIN)), ELOOP);
  CHECK_EQ(fails(watch(tower[2], EPOLL_CTL_ADD, tower[1], EPOLLIN)), ELOOP);
  CHECK_EQ(watch(tower[3], EPOLL_CTL_ADD, more, EPOLLIN), 0);
  std::thread other([&] { add_to(counter, 1); });
  epoll_event event{};
  CHECK_EQ(epoll_wait(tower[0], &event, 1, -1), 1);
  other.join();
  CHECK_EQ(readiness(more), 0);
  CHECK_EQ(epoll_ctl(tower[1], EPOLL_CTL_DEL, tower[2], nullptr), 0);
  CHECK_EQ(epoll_wait(tower[0], &event, 1, 0), 0);
  CHECK_EQ(watch(tower[4], EPOLL_CTL_ADD, tower[0], EPOLLIN), 0);
  CHECK_EQ(fails(watch(tower[1], EPOLL_CTL_ADD, tower[2], EPOLLIN)), ELOOP);
  tower[0].reset();
  CHECK_EQ(watch(tower[1], EPOLL_CTL_ADD, tower[2], EPOLLIN), 0);
  CHECK_EQ(epoll_wait(tower[1], &event, 1, 0), 1);
  tower[2].reset();
  CHECK_EQ(epoll_wait(tower[1], &event, 1, 0), 0);
}

TEST_CASE("epolls within a shared one come and go on all cores, and each event comes through") {
  constexpr int kRounds = 50;
  const Descriptor shared = make_epoll();
  std::atomic<std::uint32_t> running = toro::cores();
  const Descriptor end = make_counter();
  REQUIRE_EQ(watch(shared, EPOLL_CTL_ADD, end, EPOLLIN, 1), 0);
  std::vector<toro::Thread<void>> threads;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    threads.push_back(toro::thread::create({.core = core, .name = "maker"}, [&] {
      for (int i = 0; i < kRounds; ++i) {
        const Descriptor above = make_epoll();
        const Descriptor own = make_epoll();
        const Descriptor counter = make_counter();
        CHECK_EQ(watch(own, EPOLL_CTL_ADD, counter, EPOLLIN), 0);
        CHECK_EQ(watch(above, EPOLL_CTL_ADD, own, EPOLLIN), 0);
        CHECK_EQ(watch(shared, EPOLL_CTL_ADD, above, EPOLLIN | EPOLLET), 0);
        toro::Thread<void> adder = toro::thread::create(
            {.core = (toro::this_core() + 1) % toro::cores(), .name = "adder"}, [&] { add_to(counter, 1); });
        pollfd entry{above, POLLIN, 0};
        CHECK_EQ(poll(&entry, 1, -1), 1);
        adder.join();
        CHECK_EQ(taken(counter), 1);
      }
      if (--running == 0) add_to(end, 1);
    }));
  epoll_event event{};
  do CHECK_EQ(epoll_wait(shared, &event, 1, -1), 1);
  while (event.data.u64 != 1);
  for (auto& thread : threads) thread.join();
}

TEST_CASE("epoll waits for so long, for a timer, and for the console too") {
  const Descriptor epoll = make_epoll();
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN), 0);
  epoll_event event{};
  auto began = Clock::now();
  CHECK_EQ(epoll_wait(epoll, &event, 1, 20), 0);
  CHECK_GE(Clock::now() - began, 20ms);
  const Descriptor timer = make_timer();
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, timer, EPOLLIN | EPOLLET), 0);
  REQUIRE_EQ(set(timer, 5ms, 5ms), 0);
  for (int i = 0; i < 3; ++i) {
    CHECK_EQ(epoll_wait(epoll, &event, 1, -1), 1);
    CHECK_GE(taken(timer), 1);
  }
}

TEST_CASE("threads of every core wait at one epoll, and each event is one thread's") {
  constexpr std::uint64_t kEvents = 400;
  const Descriptor epoll = make_epoll();
  const Descriptor work = make_counter(0, EFD_SEMAPHORE | EFD_NONBLOCK);
  const Descriptor end = make_counter();
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, work, EPOLLIN, 1), 0);
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, end, EPOLLIN, 2), 0);
  std::atomic<std::uint64_t> done = 0;
  std::vector<toro::Thread<void>> threads;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    for (int i = 0; i < 2; ++i)
      threads.push_back(toro::thread::create({.core = core, .name = "worker"}, [&] {
        for (;;) {
          epoll_event event{};
          if (epoll_wait(epoll, &event, 1, -1) != 1) continue;
          if (event.data.u64 == 2) return;
          std::uint64_t one = 0;
          if (read(work, &one, sizeof one) == sizeof one && ++done == kEvents) add_to(end, 1);
        }
      }));
  for (std::uint64_t i = 0; i < kEvents; ++i) add_to(work, 1);
  for (auto& thread : threads) thread.join();
  CHECK_EQ(done, kEvents);
}

TEST_CASE("epolls and what they watch come and go on all cores") {
  std::vector<toro::Thread<void>> threads;
  const Descriptor shared = make_epoll();
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    threads.push_back(toro::thread::create({.core = core, .name = "maker"}, [&] {
      for (int i = 0; i < 50; ++i) {
        const Descriptor own = make_epoll();
        const Descriptor counter = make_counter(1);
        CHECK_EQ(watch(own, EPOLL_CTL_ADD, counter, EPOLLIN), 0);
        CHECK_EQ(watch(shared, EPOLL_CTL_ADD, counter, EPOLLIN | EPOLLET), 0);
        epoll_event event{};
        CHECK_EQ(epoll_wait(own, &event, 1, -1), 1);
        CHECK_GE(epoll_wait(shared, &event, 1, 0), 0);
      }
    }));
  for (auto& thread : threads) thread.join();
  epoll_event event{};
  CHECK_EQ(epoll_wait(shared, &event, 1, 0), 0);
}

/// As many descriptors as there can be, for a while.
class ManyDescriptors {
 public:
  ManyDescriptors() {
    REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit most{before_.rlim_max, before_.rlim_max};
    REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &most), 0);
  }
  ~ManyDescriptors() { CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }
  ManyDescriptors(const ManyDescriptors&) = delete;
  ManyDescriptors& operator=(const ManyDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("the limit of descriptors is what setrlimit says") {
  rlimit limit{};
  REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK_EQ(limit.rlim_cur, FD_SETSIZE);
  CHECK_GT(limit.rlim_max, 10'000);
  CHECK_EQ(sysconf(_SC_OPEN_MAX), FD_SETSIZE);
  const Descriptor counter = make_counter();
  CHECK_EQ(fails(dup2(counter, FD_SETSIZE)), EBADF);
  CHECK_EQ(fails(fcntl(counter, F_DUPFD, FD_SETSIZE)), EINVAL);
  CHECK_EQ(fcntl(counter, F_DUPFD, FD_SETSIZE - 1), FD_SETSIZE - 1);
  CHECK_EQ(fails(fcntl(counter, F_DUPFD, FD_SETSIZE - 1)), EMFILE);
  CHECK_EQ(close(FD_SETSIZE - 1), 0);
  const rlimit more{limit.rlim_max + 1, limit.rlim_max + 1};
  CHECK_EQ(fails(setrlimit(RLIMIT_NOFILE, &more)), EPERM);
  const rlimit crossed{2, 1};
  CHECK_EQ(fails(setrlimit(RLIMIT_NOFILE, &crossed)), EINVAL);
  CHECK_EQ(fails(getrlimit(16, &limit)), EINVAL);
  REQUIRE_EQ(getrlimit(RLIMIT_AS, &limit), 0);
  CHECK_EQ(limit.rlim_cur, RLIM_INFINITY);
  CHECK_EQ(fails(setrlimit(RLIMIT_AS, &crossed)), EPERM);
}

TEST_CASE("descriptors by the thousand: the lowest that is free is taken, and memory returns") {
  const ManyDescriptors many;
  const Descriptor counter = make_counter();
  std::vector<Descriptor> copies;
  copies.reserve(10'000);
  const std::size_t before = toro::memory::statistics().heap_used;
  for (int i = 0; i < 10'000; ++i) {
    copies.emplace_back(dup(counter));
    REQUIRE_EQ(static_cast<int>(copies.back()), counter + 1 + i);
  }
  for (const std::size_t at : {9'000UL, 63UL, 4'100UL}) copies[at].reset();
  for (const int at : {63, 4'100, 9'000}) CHECK_EQ(dup(counter), counter + 1 + at);
  for (const int at : {63, 4'100, 9'000}) CHECK_EQ(close(counter + 1 + at), 0);
  CHECK_EQ(dup2(counter, 65'535), 65'535);
  CHECK_EQ(close(65'535), 0);
  CHECK_EQ(fails(close(65'535)), EBADF);
  copies.clear();
  CHECK_EQ(toro::memory::statistics().heap_used, before);
}

TEST_CASE("poll and epoll watch thousands, select what its sets have room for") {
  const ManyDescriptors many;
  const Descriptor epoll = make_epoll();
  std::vector<Descriptor> counters;
  std::vector<pollfd> entries;
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    counters.push_back(make_counter(i % 1'000 == 999 ? 1 : 0));
    entries.push_back({counters.back(), POLLIN, 0});
    REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, counters.back(), EPOLLIN, i), 0);
  }
  CHECK_EQ(poll(entries.data(), entries.size(), -1), 3);
  for (const std::size_t at : {999UL, 1'999UL, 2'999UL}) CHECK_EQ(entries[at].revents, POLLIN);
  std::array<epoll_event, 8> events{};
  CHECK_EQ(epoll_wait(epoll, events.data(), events.size(), -1), 3);
  CHECK_EQ(fails(select(FD_SETSIZE + 1, nullptr, nullptr, nullptr, nullptr)), EINVAL);
}

}  // namespace
