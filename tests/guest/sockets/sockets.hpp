// What the tests of sockets have in common.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "descriptor.hpp"

inline Descriptor make_socket(int type) {
  const int number = socket(AF_INET, type, 0);
  REQUIRE_GE(number, 0);
  return Descriptor(number);
}

inline sockaddr_in address(std::uint16_t port, std::uint32_t host = INADDR_LOOPBACK) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  made.sin_addr.s_addr = htonl(host);
  return made;
}
inline int bind_to(int number, const sockaddr_in& to) {
  return bind(number, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}
inline int connect_to(int number, const sockaddr_in& to) {
  return connect(number, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}
inline std::uint16_t port_of(int number) {
  sockaddr_in local{};
  socklen_t size = sizeof local;
  REQUIRE_EQ(getsockname(number, reinterpret_cast<sockaddr*>(&local), &size), 0);
  return ntohs(local.sin_port);
}
/// Bound to any port of this machine, and listening.
inline Descriptor listen_anywhere(int backlog = 8) {
  Descriptor listener = make_socket(SOCK_STREAM);
  REQUIRE_EQ(bind_to(listener, address(0)), 0);
  REQUIRE_EQ(listen(listener, backlog), 0);
  return listener;
}
