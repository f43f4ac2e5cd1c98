// A thread for each core, with sockets of its own at ports that all share: an echo at port 80 of TCP and port 7 of UDP,
// whose answers begin with the core's number. Port 81 of TCP is main()'s alone. `queues HOST PORT`: first each core
// connects to HOST, and to main(), and says what came back.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <span>
#include <string>
#include <vector>

#include <toro/cores.hpp>
#include <toro/thread.hpp>

namespace {

constexpr std::uint16_t kShared = 80, kAlone = 81, kDatagrams = 7;
enum class Sharing : std::uint8_t { none, port };

void require(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::exit(1);
}

sockaddr_in address_of(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  require(inet_pton(AF_INET, host, &address.sin_addr) == 1, "an address");
  return address;
}

int bound_socket(int type, std::uint16_t port, Sharing sharing) {
  const int bound = socket(AF_INET, type, 0);
  const int on = 1;
  if (sharing == Sharing::port)
    require(setsockopt(bound, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0, "SO_REUSEPORT");
  const sockaddr_in address = address_of("0.0.0.0", port);
  require(bind(bound, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
  if (type == SOCK_STREAM) require(listen(bound, 128) == 0, "listen");
  return bound;
}

/// Answers what has come, this core's number first. False when nothing comes any more.
bool answer(int socket) {
  std::array<char, 65536> bytes;
  sockaddr_in from{};
  socklen_t size = sizeof from;
  bytes[0] = static_cast<char>('0' + toro::this_core());
  const ssize_t count =
      recvfrom(socket, bytes.data() + 1, bytes.size() - 1, 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (count <= 0) return false;
  const auto* const to = size == 0 ? nullptr : reinterpret_cast<const sockaddr*>(&from);
  return sendto(socket, bytes.data(), static_cast<std::size_t>(count) + 1, MSG_NOSIGNAL, to, size) == count + 1;
}

void watch(int epoll, int socket) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
  require(epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0, "epoll_ctl");
}

/// `datagrams`: negative where there are none.
[[noreturn]] void serve(int listener, int datagrams) {
  const int epoll = epoll_create1(0);
  watch(epoll, listener);
  if (datagrams >= 0) watch(epoll, datagrams);
  for (;;) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    require(count > 0, "epoll_wait");
    for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(count))) {
      const int ready = event.data.fd;
      if (ready == listener)
        watch(epoll, accept(listener, nullptr, nullptr));
      else if (!answer(ready) && ready != datagrams)
        close(ready);
    }
  }
}

/// What the other side answers to this core's number.
std::string ask(const char* host, std::uint16_t port) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = address_of(host, port);
  require(connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
  const char number = static_cast<char>('0' + toro::this_core());
  require(send(connection, &number, 1, 0) == 1, "send");
  std::array<char, 16> answered;
  const ssize_t count = recv(connection, answered.data(), answered.size(), 0);
  require(count > 0, "recv");
  close(connection);
  return {answered.data(), static_cast<std::size_t>(count)};
}

}  // namespace

int main(int count, char** words) {
  const std::span arguments(words, static_cast<std::size_t>(count));
  const int alone = bound_socket(SOCK_STREAM, kAlone, Sharing::none);
  std::latch listening(toro::cores());
  std::vector<toro::Thread<void>> threads;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    threads.push_back(toro::thread::create({.core = core}, [&] {
      const int datagrams = bound_socket(SOCK_DGRAM, kDatagrams, Sharing::port);
      const int listener = bound_socket(SOCK_STREAM, kShared, Sharing::port);
      listening.count_down();
      serve(listener, datagrams);
    }));
  listening.wait();
  const sockaddr_in taken = address_of("0.0.0.0", kShared);
  require(bind(socket(AF_INET, SOCK_STREAM, 0), reinterpret_cast<const sockaddr*>(&taken), sizeof taken) != 0 &&
              errno == EADDRINUSE,
          "a port that others share was expected to be refused to who does not");
  std::puts("serving");
  std::fflush(stdout);
  if (arguments.size() > 2)
    for (std::uint32_t core = 0; core < toro::cores(); ++core)
      threads.push_back(toro::thread::create({.core = core}, [&] {
        for (int i = 0; i < 8; ++i) {
          const std::string far = ask(arguments[1], static_cast<std::uint16_t>(std::atoi(arguments[2])));
          const std::string near = ask("127.0.0.1", kAlone);
          std::printf("core %u: %s, %s\n", toro::this_core(), far.c_str(), near.c_str());
          std::fflush(stdout);
        }
      }));
  serve(alone, -1);
}
