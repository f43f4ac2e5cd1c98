// Streams over the loopback, by the C library.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <toro/core.hpp>
#include <toro/cores.hpp>
#include <toro/thread.hpp>

#include <array>
#include <numeric>
#include <thread>
#include <vector>

#include "sockets.hpp"

namespace {

/// Gives back what comes, until nothing more does.
void echo(int connection) {
  std::array<char, 3000> buffer;
  for (;;) {
    const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    if (send(connection, buffer.data(), static_cast<std::size_t>(count), 0) != count) return;
  }
}

bool exchange(int connection, std::size_t size) {
  std::vector<char> sent(size);
  for (std::size_t i = 0; i < size; ++i) sent[i] = static_cast<char>(i * 31 + i / 251);
  std::thread sender([&] { CHECK_EQ(send(connection, sent.data(), sent.size(), 0), static_cast<ssize_t>(size)); });
  std::vector<char> back(size);
  const ssize_t count = size == 0 ? 0 : recv(connection, back.data(), back.size(), MSG_WAITALL);
  sender.join();
  return count == static_cast<ssize_t>(size) && back == sent;
}

TEST_CASE("an echo of every size is what was sent") {
  const Descriptor listener = listen_anywhere();
  std::thread server([&] {
    const Descriptor connection(accept(listener, nullptr, nullptr));
    echo(connection);
  });
  Descriptor client = make_socket(SOCK_STREAM);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  for (const std::size_t size : {1, 2, 100, 1447, 1448, 1449, 4096, 65536, 300'000, 1'000'000})
    CHECK(exchange(client, size));
  CHECK_EQ(shutdown(client, SHUT_WR), 0);
  char byte;
  CHECK_EQ(recv(client, &byte, 1, 0), 0);
  server.join();
}

TEST_CASE("a connection that there is no descriptor for waits until there is one") {
  const Descriptor listener = listen_anywhere();
  Descriptor client = make_socket(SOCK_STREAM);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  rlimit before{};
  REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  CHECK_EQ(accept(listener, nullptr, nullptr), -1);
  CHECK_EQ(errno, EMFILE);
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  const Descriptor connection(accept(listener, nullptr, nullptr));
  CHECK_EQ(send(connection, "x", 1, 0), 1);
  char byte = 0;
  CHECK_EQ(recv(client, &byte, 1, 0), 1);
}

TEST_CASE("who waits for a connection has its descriptor already") {
  const Descriptor listener = listen_anywhere();
  Descriptor client = make_socket(SOCK_STREAM);
  const int last = dup(client);
  CHECK_EQ(close(last), 0);
  rlimit before{};
  REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit one{.rlim_cur = static_cast<rlim_t>(last) + 1, .rlim_max = before.rlim_max};
  REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &one), 0);
  int connection = -1;
  std::thread server([&] { connection = accept(listener, nullptr, nullptr); });
  std::this_thread::yield();
  CHECK_EQ(dup(client), -1);
  CHECK_EQ(errno, EMFILE);
  CHECK_EQ(syscall(SYS_dup2, static_cast<int>(client), last), -1);  // dup2() goes on until it is done
  CHECK_EQ(errno, EBUSY);
  CHECK_EQ(fcntl(last, F_GETFD), -1);
  CHECK_EQ(errno, EBADF);
  CHECK_EQ(connect_to(client, address(port_of(listener))), 0);
  server.join();
  CHECK_EQ(connection, last);
  CHECK_EQ(close(last), 0);
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_CASE("both sides have names") {
  const Descriptor listener = listen_anywhere();
  Descriptor client = make_socket(SOCK_STREAM);
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  CHECK_EQ(getpeername(client, reinterpret_cast<sockaddr*>(&peer), &size), -1);
  CHECK_EQ(errno, ENOTCONN);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  const Descriptor accepted(accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  REQUIRE_GE(static_cast<int>(accepted), 0);
  CHECK_EQ(size, sizeof peer);
  CHECK_EQ(ntohs(peer.sin_port), port_of(client));
  CHECK_EQ(ntohl(peer.sin_addr.s_addr), INADDR_LOOPBACK);
  CHECK_EQ(fcntl(accepted, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  CHECK_EQ(fcntl(accepted, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(getpeername(client, reinterpret_cast<sockaddr*>(&peer), &size), 0);
  CHECK_EQ(ntohs(peer.sin_port), port_of(listener));
  char byte;
  CHECK_EQ(recv(accepted, &byte, 1, 0), -1);
  CHECK_EQ(errno, EAGAIN);
}

TEST_CASE("nobody listens there") {
  Descriptor client = make_socket(SOCK_STREAM);
  CHECK_EQ(connect_to(client, address(9)), -1);
  CHECK_EQ(errno, ECONNREFUSED);
}

TEST_CASE("a port is one listener's") {
  const Descriptor listener = listen_anywhere();
  const Descriptor other = make_socket(SOCK_STREAM);
  CHECK_EQ(bind_to(other, address(port_of(listener))), -1);
  CHECK_EQ(errno, EADDRINUSE);
}

TEST_CASE("who goes with something unread resets the connection") {
  const Descriptor listener = listen_anywhere();
  Descriptor client = make_socket(SOCK_STREAM);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  Descriptor accepted(accept(listener, nullptr, nullptr));
  REQUIRE_EQ(send(client, "hello", 5, 0), 5);
  char text[8];
  CHECK_EQ(recv(accepted, text, sizeof text, MSG_PEEK), 5);
  accepted.reset();
  CHECK_EQ(recv(client, text, sizeof text, 0), -1);
  CHECK_EQ(errno, ECONNRESET);
  CHECK_EQ(send(client, "x", 1, MSG_NOSIGNAL), -1);
  CHECK_EQ(errno, EPIPE);
}

TEST_CASE("a half-closed stream still carries the other way") {
  const Descriptor listener = listen_anywhere();
  Descriptor client = make_socket(SOCK_STREAM);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  Descriptor accepted(accept(listener, nullptr, nullptr));
  CHECK_EQ(shutdown(client, SHUT_WR), 0);
  CHECK_EQ(send(client, "x", 1, 0), -1);
  CHECK_EQ(errno, EPIPE);
  char text[8];
  CHECK_EQ(recv(accepted, text, sizeof text, 0), 0);
  CHECK_EQ(write(accepted, "still", 5), 5);
  CHECK_EQ(read(client, text, sizeof text), 5);
}

TEST_CASE("a receive timeout ends a wait") {
  const Descriptor listener = listen_anywhere();
  Descriptor client = make_socket(SOCK_STREAM);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  const timeval timeout{0, 20'000};
  REQUIRE_EQ(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout), 0);
  char byte;
  CHECK_EQ(recv(client, &byte, 1, 0), -1);
  CHECK_EQ(errno, EAGAIN);
}

TEST_CASE("options are kept, and told") {
  const Descriptor listener = listen_anywhere();
  const int on = 1;
  REQUIRE_EQ(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
  Descriptor client = make_socket(SOCK_STREAM);
  REQUIRE_EQ(connect_to(client, address(port_of(listener))), 0);
  const Descriptor accepted(accept(listener, nullptr, nullptr));
  const auto option = [](int number, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    REQUIRE_EQ(getsockopt(number, level, name, &value, &size), 0);
    return value;
  };
  CHECK_EQ(option(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
  CHECK_EQ(option(client, IPPROTO_TCP, TCP_NODELAY), 0);
  CHECK_EQ(option(client, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
  CHECK_EQ(option(client, SOL_SOCKET, SO_ERROR), 0);
  CHECK_EQ(option(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
  CHECK_EQ(option(client, SOL_SOCKET, SO_ACCEPTCONN), 0);
  int value;
  socklen_t size = sizeof value;
  CHECK_EQ(getsockopt(client, SOL_SOCKET, 9999, &value, &size), -1);
  CHECK_EQ(errno, ENOPROTOOPT);
}

TEST_CASE("what is no socket of ours is refused") {
  CHECK_EQ(socket(AF_UNIX, SOCK_STREAM, 0), -1);
  CHECK_EQ(errno, EAFNOSUPPORT);
  CHECK_EQ(socket(AF_INET, SOCK_RAW, 0), -1);
  CHECK_EQ(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), -1);
  CHECK_EQ(errno, EPROTONOSUPPORT);
  CHECK_EQ(listen(1, 1), -1);
  CHECK_EQ(errno, ENOTSOCK);
  CHECK_EQ(listen(99, 1), -1);
  CHECK_EQ(errno, EBADF);
  const Descriptor stream = make_socket(SOCK_STREAM);
  CHECK_EQ(lseek(stream, 0, SEEK_SET), -1);
  CHECK_EQ(errno, ESPIPE);
}

TEST_CASE("threads of every core use sockets") {
  const Descriptor listener = listen_anywhere();
  const std::uint16_t port = port_of(listener);
  const std::uint32_t rounds = 2 * toro::cores();
  auto server = toro::thread::create({.name = "server"}, [&] {
    for (std::uint32_t i = 0; i < rounds; ++i) {
      const Descriptor connection(accept(listener, nullptr, nullptr));
      echo(connection);
    }
  });
  for (std::uint32_t i = 0; i < rounds; ++i) {
    const bool equal = toro::thread::create({.core = i % toro::cores(), .name = "client"}, [&] {
                         Descriptor client = make_socket(SOCK_STREAM);
                         return connect_to(client, address(port)) == 0 && exchange(client, 50'000);
                       }).join();
    CHECK(equal);
  }
  server.join();
}

}  // namespace
