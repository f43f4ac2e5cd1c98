// Sockets that epoll waits for.
#include <sys/epoll.h>

#include <toro/core.hpp>
#include <toro/thread.hpp>

#include <array>
#include <thread>
#include <vector>

#include "sockets.hpp"

namespace {

int watch(int epoll, int operation, int number, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = number}};
  return epoll_ctl(epoll, operation, number, &event);
}

/// Serves echo to `clients` connections at once in one thread, by epoll.
void serve(int listener, unsigned clients, std::uint32_t flags) {
  const Descriptor epoll(epoll_create1(0));
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN), 0);
  std::array<epoll_event, 8> events{};
  while (clients != 0) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int number = events[static_cast<std::size_t>(i)].data.fd;
      if (number == listener) {
        const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        CHECK_EQ(watch(epoll, EPOLL_CTL_ADD, connection, EPOLLIN | EPOLLRDHUP | flags), 0);
        continue;
      }
      std::array<char, 512> bytes;
      for (ssize_t got; (got = recv(number, bytes.data(), bytes.size(), 0)) >= 0;) {
        if (got == 0) {
          close(number);
          --clients;
          break;
        }
        CHECK_EQ(send(number, bytes.data(), static_cast<std::size_t>(got), 0), got);
        if ((flags & EPOLLET) == 0) break;
      }
      if ((flags & EPOLLONESHOT) != 0) watch(epoll, EPOLL_CTL_MOD, number, EPOLLIN | flags);
    }
  }
}

TEST_CASE("one thread serves many connections, level- or edge-triggered or one-shot, of clients of every core") {
  for (const std::uint32_t flags : {std::uint32_t{0}, std::uint32_t{EPOLLET}, std::uint32_t{EPOLLET | EPOLLONESHOT}}) {
    const Descriptor listener = listen_anywhere(64);
    const unsigned clients = 4 * toro::cores();
    std::vector<toro::Thread<void>> threads;
    for (unsigned i = 0; i < clients; ++i)
      threads.push_back(toro::thread::create({.core = i % toro::cores(), .name = "client"}, [&] {
        const Descriptor client = make_socket(SOCK_STREAM);
        CHECK_EQ(connect_to(client, address(port_of(listener))), 0);
        std::array<char, 1000> sent;
        std::array<char, 1000> back;
        for (int round = 0; round < 5; ++round) {
          sent.fill(static_cast<char>(round));
          CHECK_EQ(send(client, sent.data(), sent.size(), 0), 1000);
          CHECK_EQ(recv(client, back.data(), back.size(), MSG_WAITALL), 1000);
          CHECK(sent == back);
        }
      }));
    serve(listener, clients, flags);
    for (auto& thread : threads) thread.join();
  }
}

TEST_CASE("an epoll is no socket") {
  const Descriptor epoll(epoll_create1(0));
  CHECK_EQ(listen(epoll, 1), -1);
  CHECK_EQ(errno, ENOTSOCK);
}

TEST_CASE("epoll tells how a connection ends") {
  const Descriptor listener = listen_anywhere();
  const Descriptor client = make_socket(SOCK_STREAM);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  Descriptor accepted(accept(listener, nullptr, nullptr));
  const Descriptor epoll(epoll_create1(0));
  REQUIRE_EQ(watch(epoll, EPOLL_CTL_ADD, client, EPOLLIN | EPOLLRDHUP | EPOLLET), 0);
  epoll_event event{};
  CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
  accepted.reset();
  CHECK_EQ(epoll_wait(epoll, &event, 1, -1), 1);
  CHECK_EQ(event.events, EPOLLIN | EPOLLRDHUP);
}

}  // namespace
