// What threads of any cores meet at.
#include <doctest/doctest.h>
#include <toro/cores.hpp>
#include <toro/sync.hpp>
#include <toro/thread.hpp>

#include <memory>
#include <semaphore>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

std::uint32_t last_core() {
  return toro::cores() - 1;
}

}  // namespace

TEST_CASE("an event lets everybody go on, on all cores") {
  toro::Event event;
  std::atomic<int> passed = 0;
  {
    std::vector<toro::Thread<void>> threads;
    for (std::uint32_t core = 0; core < toro::cores(); ++core)
      threads.push_back(toro::thread::create({.core = core}, [&] {
        event.wait();
        ++passed;
      }));
    toro::this_thread::sleep_for(1ms);
    CHECK(passed == 0);
    event.set();
  }
  CHECK(passed == static_cast<int>(toro::cores()));
  CHECK(event.wait_for(0ms));
  event.reset();
  CHECK_FALSE(event.wait_for(1ms));
}

TEST_CASE("a semaphore lets as many go on as it has") {
  toro::Semaphore semaphore(2);
  CHECK(semaphore.try_acquire());
  semaphore.acquire();
  CHECK_FALSE(semaphore.try_acquire_for(1ms));
  auto thread = toro::thread::create({.core = last_core()}, [&] { semaphore.release(3); });
  for (int i = 0; i < 3; ++i) semaphore.acquire();
  thread.join();
  CHECK_FALSE(semaphore.try_acquire());
}

TEST_CASE("the C++ library's semaphore works between cores") {
  std::counting_semaphore<> semaphore(0);
  auto thread = toro::thread::create({.core = last_core()}, [&] {
    for (int i = 0; i < 100; ++i) semaphore.release();
  });
  for (int i = 0; i < 100; ++i) semaphore.acquire();
  thread.join();
}

TEST_CASE("messages of every core arrive, each core's in order") {
  struct Message {
    std::uint32_t from;
    int number;
    std::string text;
  };
  constexpr int kMessages = 500;
  toro::Channel<Message> channel;
  std::vector<toro::Thread<void>> senders;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    senders.push_back(toro::thread::create({.core = core}, [&channel, core] {
      for (int i = 0; i < kMessages; ++i) channel.send({core, i, std::to_string(i)});
    }));
  std::vector<int> next(toro::cores());
  for (std::uint32_t i = 0; i < kMessages * toro::cores(); ++i) {
    const Message message = channel.receive();
    CHECK(message.number == next[message.from]++);
    CHECK(message.text == std::to_string(message.number));
  }
  CHECK_FALSE(channel.try_receive().has_value());
  CHECK_FALSE(channel.receive_for(1ms).has_value());
}

TEST_CASE("messages may be moved only, and what is not received is destroyed") {
  auto counted = std::make_shared<int>(1);
  {
    toro::Channel<std::unique_ptr<std::shared_ptr<int>>> channel;
    toro::run_on(last_core(), [&] {
      for (int i = 0; i < 3; ++i) channel.send(std::make_unique<std::shared_ptr<int>>(counted));
    });
    CHECK(**channel.receive() == 1);
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("who waits by Toro's own means, or is about to, can be killed") {
  toro::Event event;
  toro::Semaphore semaphore(0);
  const auto kill_on = [](std::uint32_t core, bool waits, auto body) {
    std::atomic<bool> is_about_to = false;
    auto thread = toro::thread::create({.core = core}, [&] {
      is_about_to = true;
      body();
      FAIL("it went on");
    });
    while (waits && !is_about_to) toro::this_thread::yield();
    thread.kill();
    thread.join();
  };
  for (const std::uint32_t core : {0U, last_core()}) {
    for (const bool waits : {false, true}) {
      const auto kill = [&](auto body) { kill_on(core, waits, body); };
      kill([&] { event.wait(); });
      kill([&] { static_cast<void>(event.wait_for(1h)); });
      kill([&] { semaphore.acquire(); });
      kill([&] { static_cast<void>(toro::Channel<int>().receive()); });
      kill([&] { static_cast<void>(toro::Channel<int>().receive_for(1h)); });
      kill([] { toro::this_thread::sleep_for(1h); });
      kill([] { toro::this_thread::suspend(); });
      kill([] {
        for (;;) toro::this_thread::poll_hint();
      });
      kill([&] {
        toro::Event over;
        auto other = toro::thread::create({}, [&over] { over.wait(); });
        const struct End {
          toro::Event& event;
          ~End() { event.set(); }
        } end{over};
        other.join();
      });
    }
  }
}
