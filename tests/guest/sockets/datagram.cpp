// Datagrams over the loopback, by the C library.
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <array>
#include <thread>
#include <vector>

#include "sockets.hpp"

namespace {

TEST_CASE("datagrams arrive one by one, with who sent them") {
  const Descriptor receiver = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(bind_to(receiver, address(0)), 0);
  const Descriptor sender = make_socket(SOCK_DGRAM);
  const sockaddr_in to = address(port_of(receiver));
  for (const char* text : {"one", "three"})
    CHECK_EQ(sendto(sender, text, std::strlen(text), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
             static_cast<ssize_t>(std::strlen(text)));
  int waiting = 0;
  CHECK_EQ(ioctl(receiver, FIONREAD, &waiting), 0);
  CHECK_EQ(waiting, 3);
  char text[8];
  sockaddr_in from{};
  socklen_t size = sizeof from;
  CHECK_EQ(recvfrom(receiver, text, sizeof text, 0, reinterpret_cast<sockaddr*>(&from), &size), 3);
  CHECK_EQ(ntohs(from.sin_port), port_of(sender));
  CHECK_EQ(recv(receiver, text, 2, MSG_TRUNC), 5);
  CHECK_EQ(recv(receiver, text, sizeof text, MSG_DONTWAIT), -1);
  CHECK_EQ(errno, EAGAIN);
}

TEST_CASE("a long datagram is cut into fragments and put together") {
  const Descriptor receiver = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(bind_to(receiver, address(0)), 0);
  const Descriptor sender = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(connect_to(sender, address(port_of(receiver))), 0);
  std::vector<char> data(65507);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i / 7);
  CHECK_EQ(send(sender, data.data(), data.size(), 0), static_cast<ssize_t>(data.size()));
  std::vector<char> got(70000);
  CHECK_EQ(recv(receiver, got.data(), got.size(), 0), static_cast<ssize_t>(data.size()));
  got.resize(data.size());
  CHECK(got == data);
  CHECK_EQ(send(sender, got.data(), 65508, 0), -1);
  CHECK_EQ(errno, EMSGSIZE);
}

TEST_CASE("messages gather and scatter") {
  const Descriptor receiver = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(bind_to(receiver, address(0)), 0);
  const Descriptor sender = make_socket(SOCK_DGRAM);
  sockaddr_in to = address(port_of(receiver));
  char left[] = "left";
  char right[] = "right";
  iovec parts[] = {{left, 4}, {right, 5}};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  CHECK_EQ(sendmsg(sender, &message, 0), 9);
  char head[3];
  char tail[4];
  iovec places[] = {{head, 3}, {tail, 4}};
  message.msg_iov = places;
  CHECK_EQ(recvmsg(receiver, &message, 0), 7);
  CHECK_EQ(message.msg_flags & MSG_TRUNC, MSG_TRUNC);
  CHECK_EQ(std::memcmp(head, "lef", 3), 0);
  CHECK_EQ(std::memcmp(tail, "trig", 4), 0);
}

TEST_CASE("a connected socket hears that nobody is there") {
  const Descriptor sender = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(connect_to(sender, address(9)), 0);
  CHECK_EQ(send(sender, "x", 1, 0), 1);
  CHECK_EQ(send(sender, "x", 1, 0), -1);
  CHECK_EQ(errno, ECONNREFUSED);
}

TEST_CASE("a broadcast is for who asked to") {
  const Descriptor sender = make_socket(SOCK_DGRAM);
  const sockaddr_in everybody = address(9, INADDR_BROADCAST);
  CHECK_EQ(sendto(sender, "x", 1, 0, reinterpret_cast<const sockaddr*>(&everybody), sizeof everybody), -1);
  CHECK_EQ(errno, EACCES);
}

TEST_CASE("a thread waits for a datagram, and others run") {
  const Descriptor receiver = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(bind_to(receiver, address(0)), 0);
  char got = 0;
  std::thread waiter([&] { CHECK_EQ(recv(receiver, &got, 1, 0), 1); });
  std::this_thread::yield();
  CHECK_EQ(got, 0);
  const Descriptor sender = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(connect_to(sender, address(port_of(receiver))), 0);
  CHECK_EQ(send(sender, "y", 1, 0), 1);
  waiter.join();
  CHECK_EQ(got, 'y');
}

}  // namespace
