// Names, asked for by the C library's resolver: of a name server that the test has itself.
#include <netdb.h>

#include <array>
#include <cstddef>
#include <thread>
#include <vector>

#include "sockets.hpp"

namespace {

constexpr std::size_t kHeader = 12;  // [RFC 1035 4.1.1]
constexpr std::uint8_t kTypeA = 1;

/// Answers what is asked for the address of anything by 10.1.2.3, and for all else by nothing. Ends with an empty
/// datagram.
void serve(int server) {
  std::array<std::uint8_t, 512> message;
  sockaddr_in from{};
  for (;;) {
    socklen_t size = sizeof from;
    const ssize_t count =
        recvfrom(server, message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (count < static_cast<ssize_t>(kHeader)) return;
    std::size_t end = kHeader;
    while (message[end] != 0) end += message[end] + 1U;
    end += 5;  // the last label, type and class
    const bool is_known = message[end - 3] == kTypeA;
    message[2] = 0x81;  // an answer
    message[3] = 0x80;
    message[7] = is_known ? 1 : 0;
    if (is_known)
      for (const std::uint8_t byte : {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 1, 2, 3}) message[end++] = byte;
    sendto(server, message.data(), end, 0, reinterpret_cast<const sockaddr*>(&from), size);
  }
}

TEST_CASE("a name is found by the name server") {
  const Descriptor server = make_socket(SOCK_DGRAM);
  REQUIRE_EQ(bind_to(server, address(53)), 0);
  std::thread thread(serve, static_cast<int>(server));
  for (const int family : {AF_INET, AF_UNSPEC}) {
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    REQUIRE_EQ(getaddrinfo("toro.example", "80", &hints, &found), 0);
    const auto* const first = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
    CHECK_EQ(found->ai_family, AF_INET);
    CHECK_EQ(ntohl(first->sin_addr.s_addr), 0x0a010203);
    CHECK_EQ(ntohs(first->sin_port), 80);
    freeaddrinfo(found);
  }
  const sockaddr_in to = address(53);
  sendto(server, "", 0, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  thread.join();
}

TEST_CASE("a number is its own name") {
  addrinfo* found = nullptr;
  REQUIRE_EQ(getaddrinfo("10.0.2.2", "80", nullptr, &found), 0);
  CHECK_EQ(ntohs(reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_port), 80);
  freeaddrinfo(found);
}

}  // namespace
