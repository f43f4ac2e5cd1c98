// poll and select on sockets, and connections that are made without waiting.
#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>

#include <chrono>
#include <thread>

#include "sockets.hpp"

namespace {

TEST_CASE("poll tells what is ready") {
  const Descriptor listener = listen_anywhere();
  Descriptor client = make_socket(SOCK_STREAM);
  pollfd entries[] = {{listener, POLLIN, 0}, {client, POLLIN | POLLOUT, 0}, {99, POLLIN, 0}, {-1, POLLIN, 0}};
  CHECK_EQ(poll(entries, 4, 0), 2);
  CHECK_EQ(entries[0].revents, 0);
  CHECK_EQ(entries[1].revents, POLLOUT | POLLHUP);
  CHECK_EQ(entries[2].revents, POLLNVAL);
  CHECK_EQ(entries[3].revents, 0);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  CHECK_EQ(poll(entries, 2, -1), 2);
  CHECK_EQ(entries[0].revents, POLLIN);
  CHECK_EQ(entries[1].revents, POLLOUT);
  Descriptor accepted(accept(listener, nullptr, nullptr));
  REQUIRE_EQ(send(accepted, "x", 1, 0), 1);
  CHECK_EQ(poll(entries + 1, 1, -1), 1);
  CHECK_EQ(entries[1].revents, POLLIN | POLLOUT);
  accepted.reset();
  entries[1].events = POLLRDHUP;
  CHECK_EQ(poll(entries + 1, 1, -1), 1);
  CHECK_EQ(entries[1].revents, POLLRDHUP);
}

TEST_CASE("who asks again and again without waiting is told what comes meanwhile") {
  const Descriptor listener = listen_anywhere();
  const Descriptor client = make_socket(SOCK_STREAM);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  const Descriptor accepted(accept(listener, nullptr, nullptr));
  std::thread sender([&] { CHECK_EQ(send(accepted, "x", 1, 0), 1); });
  pollfd entries[] = {{client, POLLIN, 0}, {accepted, POLLOUT, 0}};  // one of them is ready all the time
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  do {
    CHECK_GE(poll(entries, 2, 0), 1);
  } while (entries[0].revents == 0 && std::chrono::steady_clock::now() < limit);
  CHECK_EQ(entries[0].revents, POLLIN);
  sender.join();
}

TEST_CASE("poll waits until something happens, or for so long") {
  const Descriptor receiver = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(bind_to(receiver, address(0)), 0);
  pollfd entry{receiver, POLLIN, 0};
  const auto began = std::chrono::steady_clock::now();
  CHECK_EQ(poll(&entry, 1, 20), 0);
  CHECK_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(20));
  std::thread sender([port = port_of(receiver)] {
    const Descriptor number = make_socket(SOCK_DGRAM);
    REQUIRE_EQ(connect_to(number, address(port)), 0);
    CHECK_EQ(send(number, "x", 1, 0), 1);
  });
  CHECK_EQ(poll(&entry, 1, -1), 1);
  sender.join();
}

TEST_CASE("select tells the same by sets") {
  const Descriptor receiver = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(bind_to(receiver, address(0)), 0);
  fd_set readable;
  fd_set writable;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_SET(receiver, &readable);
  FD_SET(receiver, &writable);
  timeval no_time{};
  CHECK_EQ(select(receiver + 1, &readable, &writable, nullptr, &no_time), 1);
  CHECK_FALSE(FD_ISSET(receiver, &readable));
  CHECK(FD_ISSET(receiver, &writable));
  const Descriptor sender = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(connect_to(sender, address(port_of(receiver))), 0);
  CHECK_EQ(send(sender, "x", 1, 0), 1);
  FD_SET(receiver, &readable);
  CHECK_EQ(select(receiver + 1, &readable, nullptr, nullptr, nullptr), 1);
  CHECK(FD_ISSET(receiver, &readable));
}

TEST_CASE("a connection is made without waiting") {
  const Descriptor listener = listen_anywhere();
  const Descriptor client = make_socket(SOCK_STREAM | SOCK_NONBLOCK);
  const int result = connect_to(client, address(port_of(listener)));
  if (result != 0) CHECK_EQ(errno, EINPROGRESS);
  pollfd entry{client, POLLOUT, 0};
  CHECK_EQ(poll(&entry, 1, -1), 1);
  int error = -1;
  socklen_t size = sizeof error;
  CHECK_EQ(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size), 0);
  CHECK_EQ(error, 0);
  CHECK_EQ(connect_to(client, address(port_of(listener))), -1);
  CHECK_EQ(errno, EISCONN);
}

TEST_CASE("a connection that is refused is told by its error") {
  const Descriptor client = make_socket(SOCK_STREAM | SOCK_NONBLOCK);
  CHECK_EQ(connect_to(client, address(9)), -1);
  CHECK_EQ(errno, EINPROGRESS);
  pollfd entry{client, POLLOUT, 0};
  CHECK_EQ(poll(&entry, 1, -1), 1);
  CHECK_NE(entry.revents & POLLERR, 0);
  int error = 0;
  socklen_t size = sizeof error;
  CHECK_EQ(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size), 0);
  CHECK_EQ(error, ECONNREFUSED);
}

TEST_CASE("what does not wait says so") {
  const Descriptor listener = listen_anywhere();
  REQUIRE_EQ(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
  CHECK_EQ(accept(listener, nullptr, nullptr), -1);
  CHECK_EQ(errno, EAGAIN);
}

}  // namespace
